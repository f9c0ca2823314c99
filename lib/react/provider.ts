import { createElement, useEffect, useMemo, useRef, type Context, type ReactElement, type ReactNode } from "react"
import { Socket, type AnyTopics, type Contract, type SocketOptions } from "rookery"
import { Rooms } from "./rooms.js"
import { useLatest } from "./use-latest.js"

/** Either a socket of yours, which you connect and disconnect, or where to connect to. */
export type SocketProviderProps<T extends Contract<T> = AnyTopics> = {
  children?: ReactNode
} & (
  | {
      /** A socket of yours: connecting and disconnecting it is your business. */
      socket: Socket<T>
      endPoint?: never
      options?: never
    }
  | {
      socket?: never
      /** Where to connect to while the provider is mounted; with another one, so is another socket. */
      endPoint: string
      /** Read when the socket is made; `params` and `authToken`, however, whenever it connects. */
      options?: SocketOptions | undefined
    }
)

const provided = (provider: unknown): unknown =>
  typeof provider === "function" ? (provider as () => unknown)() : provider

/** The socket that the provider makes, if it is to make one. It connects, and disconnects, by effects. */
function useOwnSocket({ endPoint, options }: SocketProviderProps): Socket | undefined {
  const latest = useLatest(options)
  const socket = useMemo(() => {
    if (endPoint === undefined) return undefined
    return new Socket(endPoint, {
      ...options,
      // Always given, because a token often comes later, by a state of the app.
      params: () => provided(latest.current?.params ?? {}) as object,
      authToken: () => provided(latest.current?.authToken) as string | undefined,
    })
    // Other options alone make no other socket.
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

/** Makes the component that gives a socket to those below it. */
export function createProvider(context: Context<Socket | null>): (props: SocketProviderProps) => ReactElement {
  return function SocketProvider(props) {
    const own = useOwnSocket(props)
    return createElement(context.Provider, { value: props.socket ?? own ?? null }, props.children)
  }
}
