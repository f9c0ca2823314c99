import { createElement, useEffect, useMemo, useRef, type Context, type ReactElement, type ReactNode } from "react"
import { Socket, type AnyTopics, type Contract, type SocketOptions } from "rookery"
import { Rooms } from "./rooms.js"
import { useLatest } from "./use-latest.js"

/** Either your own socket, which you connect and disconnect, or an address to connect to. */
export type SocketProviderProps<T extends Contract<T> = AnyTopics> = {
  children?: ReactNode
} & (
  | {
      /** Your own socket, which you connect and disconnect yourself. */
      socket: Socket<T>
      endPoint?: never
      options?: never
    }
  | {
      socket?: never
      /** The address to connect to while the provider is mounted. A changed address creates a new socket. */
      endPoint: string
      /**
       * Read when the socket is created, except `params` and `authToken`, which are read at every attempt to connect.
       */
      options?: SocketOptions | undefined
    }
)

const provided = (provider: unknown): unknown =>
  typeof provider === "function" ? (provider as () => unknown)() : provider

/** The socket that the provider creates, unless it was given one. Effects connect and disconnect it. */
function useOwnSocket({ endPoint, options }: SocketProviderProps): Socket | undefined {
  const latest = useLatest(options)
  const socket = useMemo(() => {
    if (endPoint === undefined) return undefined
    return new Socket(endPoint, {
      ...options,
      // Always passed, because a token often arrives later, in a state of the app.
      params: () => provided(latest.current?.params ?? {}) as object,
      authToken: () => provided(latest.current?.authToken) as string | undefined,
    })
    // Changed options alone do not create a new socket.
  }, [endPoint])
  const leaving = useRef<[socket: Socket, timer: unknown]>(undefined)
  useEffect(() => {
    if (!socket) return undefined
    // A component that mounts twice connects once.
    if (leaving.current?.[0] === socket) clearTimeout(leaving.current[1] as number)
    socket.connect()
    return () => {
      const end = (): void => {
        Rooms.of(socket).leaveUnused()
        socket.disconnect()
      }
      leaving.current = [socket, setTimeout(end)]
    }
  }, [socket])
  return socket
}

/** Creates the component that provides a socket to those below it. */
export function createProvider(context: Context<Socket | null>): (props: SocketProviderProps) => ReactElement {
  return function SocketProvider(props) {
    const own = useOwnSocket(props)
    return createElement(context.Provider, { value: props.socket ?? own ?? null }, props.children)
  }
}
