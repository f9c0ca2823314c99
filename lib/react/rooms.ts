import { RookeryError, type Channel, type Socket } from "rookery"
import type { Address, ChannelView, RoomTable } from "./channel-view.js"
import { Room, type Holder } from "./room.js"

const known = /* @__PURE__ */ new WeakMap<Socket, Rooms>()

/**
 * The rooms of a socket that components use.
 *
 * Rooms are joined in a microtask after components mount, and left in a later task: a component that mounts twice joins
 * once, and one that unmounts and mounts again does not leave.
 */
export class Rooms implements RoomTable {
  readonly #socket: Socket
  /** By topic, then by the key of the params. */
  readonly #topics = new Map<string, Map<string, Room>>()
  /** Topics with newly added hooks. */
  readonly #fresh = new Set<string>()

  constructor(socket: Socket) {
    this.#socket = socket
  }

  /** The rooms of a socket: the same object for every caller. */
  static of(socket: Socket): Rooms {
    const rooms = known.get(socket) ?? new Rooms(socket)
    known.set(socket, rooms)
    return rooms
  }

  /** The room, if a hook holds it. */
  find({ topic, key }: Address): Room | undefined {
    return this.#topics.get(topic)?.get(key)
  }

  view(address: Address): ChannelView {
    return this.find(address)?.view ?? address.before
  }

  /** Holds a room; the returned function releases it. */
  enter(address: Address): [room: Room, leave: () => void] {
    const { topic, key } = address
    const rooms = this.#topics.get(topic) ?? new Map<string, Room>()
    this.#topics.set(topic, rooms)
    const room = rooms.get(key) ?? new Room(this.#socket, address)
    rooms.set(key, room)
    const holder: Holder = { address }
    room.holders.add(holder)
    if (!this.#fresh.has(topic)) {
      this.#fresh.add(topic)
      queueMicrotask(() => this.#settle(topic))
    }
    return [room, () => this.#leave(room, holder)]
  }

  /**
   * The channel of a room, for a push.
   *
   * @throws if there is none
   */
  channel(address: Address): Channel {
    const room = this.find(address)
    // An effect of the first render may push before the join has started.
    if (room?.holders.size && !room.channel) this.#settle(address.topic)
    if (!room?.channel) {
      throw room?.view.error ?? new RookeryError("not_joined", `${address.topic} is not used by any mounted component`)
    }
    return room.channel
  }

  /** Leaves unused rooms at once. */
  leaveUnused(): void {
    for (const topic of [...this.#topics.keys()]) this.#settle(topic, true)
  }

  #leave(room: Room, holder: Holder): void {
    room.holders.delete(holder)
    if (room.holders.size === 0) setTimeout(() => this.#settle(room.address.topic, true))
  }

  #settle(topic: string, leaving = false): void {
    this.#fresh.delete(topic)
    const rooms = this.#topics.get(topic)
    if (!rooms) return
    const used = [...rooms.values()].filter(({ holders }) => holders.size > 0)
    for (const [key, room] of rooms) {
      // An unused room, kept in case a component comes back, would block others with the same topic.
      if (room.holders.size > 0 || !(leaving || used.length > 0)) continue
      rooms.delete(key)
      room.detach()
    }
    if (rooms.size === 0) this.#topics.delete(topic)
    used.sort((a, b) => b.demand - a.demand)
    // A room without requirements has joined in its own way while there was no room with requirements.
    if (used[0]?.demand && !used[0].channel) for (const room of used) if (!room.demand && room.channel) room.detach()
    for (const room of used) if (!room.channel) room.attach()
  }
}
