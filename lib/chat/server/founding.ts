import type { Refused, ServerSocket } from "rookery/server"
import { LOBBY, type ChatError } from "../topics.js"
import { refused, type ChannelsOptions } from "./chat-channels.js"
import type { ChatAssigns } from "./people.js"
import { networkOf } from "./rate-limiter.js"
import type { Kept, RoomRefusal } from "./store.js"

/**
 * Whether a message may begin the room that it is said in. A person begins a bounded number of rooms at a bounded rate,
 * and so does a network, because one person may have many mail addresses. The lobby is everybody's and always kept.
 */
export class Founding {
  readonly kept: Kept
  readonly mayBegin: boolean
  readonly #options: ChannelsOptions
  readonly #keys: readonly string[]
  readonly #waitMs: number

  constructor(options: ChannelsOptions, room: string, { assigns, address }: ServerSocket) {
    this.#options = options
    const isLobby = room === LOBBY
    this.kept = isLobby ? { ...options.kept, rooms: Infinity, roomsPerUser: Infinity } : options.kept
    this.#keys = isLobby ? [] : [`person ${(assigns as ChatAssigns).email}`, `network ${networkOf(address)}`]
    this.#waitMs = Math.max(0, ...this.#keys.map((key) => options.newRooms.wait(key)))
    this.mayBegin = this.#waitMs === 0
  }

  /** The message began the room. */
  begun(): void {
    for (const key of this.#keys) this.#options.newRooms.take(key)
  }

  /** What the sender is told. */
  refusal(reason: RoomRefusal): Refused<ChatError> {
    if (reason === "rooms") return refused(507, "there are as many rooms as can be kept; use one that there is")
    if (reason === "roomsPerUser") {
      return refused(
        507,
        `you have begun ${this.kept.roomsPerUser} rooms, and may begin no more; use one that there is`,
      )
    }
    return refused(429, `rooms are begun too fast; wait ${Math.ceil(this.#waitMs / 1000)} s, or use one that there is`)
  }
}
