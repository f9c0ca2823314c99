import type { Refused, ServerSocket } from "rookery/server/node"
import { LOBBY, type ChatError } from "../topics.js"
import { refused, type ChannelsOptions } from "./chat-channels.js"
import type { ChatAssigns } from "./people.js"
import { networkOf } from "./rate-limiter.js"
import type { Kept, RoomRefusal } from "./store.js"

/**
 * Decides whether a message may create its room. The number of rooms that a user creates, and their rate, are limited.
 * So are those of a network, because one person may have many mail addresses. The lobby always exists.
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

  /** The message has created the room. */
  begun(): void {
    for (const key of this.#keys) this.#options.newRooms.take(key)
  }

  /** The error for the sender. */
  refusal(reason: RoomRefusal): Refused<ChatError> {
    if (reason === "rooms") return refused(507, "the server has its maximum of rooms; use an existing room")
    if (reason === "roomsPerUser") {
      return refused(
        507,
        `you have created ${this.kept.roomsPerUser} rooms, the maximum for one user; use an existing room`,
      )
    }
    return refused(429, `rooms are created too fast; wait ${Math.ceil(this.#waitMs / 1000)} s, or use an existing room`)
  }
}
