import { createContext, useCallback, useContext, useEffect, useMemo, useSyncExternalStore } from "react"
import {
  RookeryError,
  type AnyTopics,
  type ChannelOptions,
  type Contract,
  type Handler,
  type Loose,
  type PresenceState,
  type Push,
  type PushArguments,
  type Socket,
  type Status,
} from "rookery"
import { Address, NOWHERE, type ChannelView } from "./channel-view.js"
import type { Hooks, PushFunction } from "./hook-types.js"
import { NOBODY } from "./people.js"
import { createProvider } from "./provider.js"
import { Rooms } from "./rooms.js"
import { useLatest } from "./use-latest.js"

/** The key of params. All functions have the same key, because they are called at every join. */
const keyOf = (params: unknown): string => (typeof params === "function" ? "()" : (JSON.stringify(params) ?? ""))

/** The address of a topic: the same object until it identifies another room. */
function useAddress(
  socket: Socket,
  topic: string | null,
  params: unknown,
  { recover = false }: ChannelOptions = {},
): Address | undefined {
  const latest = useLatest(params)
  const key = keyOf(params) + (recover ? "+" : "")
  return useMemo(() => {
    if (topic === null) return undefined
    const ask = (): unknown => {
      const { current } = latest
      return typeof current === "function" ? (current as () => unknown)() : current
    }
    return new Address(Rooms.of(socket), topic, typeof params === "function" ? ask : params, { recover }, key)
  }, [socket, topic, key])
}

/** Reads a value from a room, and holds the room while mounted. */
function useRoomValue<Value>(address: Address | undefined, read: (address: Address) => Value, nothing: Value): Value {
  const subscribe = useCallback(
    (changed: () => void) => {
      if (!address) return () => {}
      const [room, leave] = address.rooms.enter(address)
      const unwatch = room.watch(changed)
      return () => {
        unwatch()
        leave()
      }
    },
    [address],
  )
  return useSyncExternalStore(
    subscribe,
    () => (address ? read(address) : nothing),
    () => nothing,
  )
}

const viewOf = (address: Address): ChannelView => address.rooms.view(address)
const peopleOf = (address: Address): PresenceState<Loose> => address.rooms.find(address)?.people ?? NOBODY

function usePush({ address }: ChannelView): PushFunction<AnyTopics[string]> {
  useEffect(() => address?.rooms.enter(address)[1], [address])
  return useCallback(
    (event: string, ...args: PushArguments<Loose>): Push => {
      if (!address) throw new RookeryError("not_joined", `push "${event}": useChannel() was given no topic`)
      return address.rooms.channel(address).push(event, ...args)
    },
    [address],
  )
}

/**
 * Creates hooks for a contract, so that topics, events, payloads and responses are checked. They have their own
 * provider: a page may use several sockets, each with its own hooks.
 *
 * ```ts
 * export const { SocketProvider, useChannel, useEvent, usePush } = createHooks<Topics>()
 * ```
 */
export function createHooks<T extends Contract<T> = AnyTopics>(): Hooks<T> {
  const context = createContext<Socket | null>(null)

  function useSocket(): Socket {
    const socket = useContext(context)
    if (socket) return socket
    throw new RookeryError(
      "no_socket",
      "no socket for this hook; put the <SocketProvider> of the same createHooks() above",
    )
  }

  function useStatus(): Status {
    const socket = useSocket()
    const subscribe = useCallback(
      (changed: () => void) => {
        const ref = socket.onStatus(changed)
        return () => socket.off([ref])
      },
      [socket],
    )
    return useSyncExternalStore(
      subscribe,
      () => socket.status,
      () => "disconnected",
    )
  }

  function useChannel(topic: string | null, params?: unknown, options?: ChannelOptions): ChannelView {
    const address = useAddress(useSocket(), topic, params, options)
    const view = useRoomValue(address, viewOf, address?.before ?? NOWHERE)
    // Its own address, and not that of the first component, whose params are in use as long as the room is held.
    return useMemo(() => ({ ...view, address }), [view, address])
  }

  function useEvent(
    source: string | ChannelView | null,
    event: string,
    handler: Handler<Loose>,
    params?: unknown,
  ): void {
    const latest = useLatest(handler)
    const socket = useSocket()
    const own = useAddress(socket, typeof source === "string" ? source : null, params)
    const address = typeof source === "string" ? own : source?.address
    useEffect(() => {
      if (!address) return undefined
      const [room, leave] = address.rooms.enter(address)
      const stop = room.listen(event, (...message) => latest.current(...message))
      return () => {
        stop()
        leave()
      }
    }, [address, event, latest])
  }

  function usePresence({ address }: ChannelView): PresenceState<Loose> {
    return useRoomValue(address, peopleOf, NOBODY)
  }

  const SocketProvider = createProvider(context)
  const hooks = { SocketProvider, useSocket, useStatus, useChannel, useEvent, usePush, usePresence }
  return hooks as unknown as Hooks<T>
}
