import type { Channel } from "rookery"
import type { ChatMessage, ChatTopics } from "./topics.js"

/** What joining a room gives. */
export type Joined = ChatTopics["room:*"]["joined"]

type RoomSpec = ChatTopics["room:*"]

/** How many older messages are asked for at once. */
const PAGE = 200

/**
 * One room of a client: passes every message on once, in order. After a lost line the room's last messages come with the
 * join; what is still missing before them is asked for first.
 */
export class Room {
  readonly channel: Channel<RoomSpec>
  readonly #tell: (message: ChatMessage) => void
  readonly #failed: (error: unknown) => void
  /** The id of the newest message that was passed on; ids rise. */
  #newest = ""
  /** What comes while older messages are still awaited. */
  #held: ChatMessage[] | undefined
  #wasJoined = false

  constructor(channel: Channel<RoomSpec>, tell: (message: ChatMessage) => void, failed: (error: unknown) => void) {
    this.channel = channel
    this.#tell = tell
    this.#failed = failed
    channel.on("message", (message) => {
      if (this.#held === undefined) this.#pass(message)
      else this.#held.push(message)
    })
  }

  /** Joins, and gives what the room shows at the first time. */
  async join(): Promise<Joined> {
    const join = this.channel.join()
    // Also at every join after a lost line.
    join.receive("ok", ({ messages }) => this.#joined(messages))
    return join
  }

  #joined(messages: readonly ChatMessage[]): void {
    if (!this.#wasJoined) {
      this.#wasJoined = true
      // Those come with the answer, and are no news.
      this.#newest = messages.at(-1)?.id ?? ""
      return
    }
    this.#held ??= []
    void this.#catchUp(messages)
  }

  async #catchUp(messages: readonly ChatMessage[]): Promise<void> {
    const pages = [messages]
    try {
      // As long as all of them are new there may be more before them.
      for (let first = messages[0]; first !== undefined && first.id > this.#newest;) {
        const { messages: older } = await this.channel.push("history", { before: first.id, limit: PAGE })
        pages.unshift(older)
        first = older[0]
      }
    } catch (error) {
      // The line went again: the next join begins anew. Otherwise what there is must do.
      if (this.channel.state !== "joined") return
      this.#failed(error)
    }
    const held = this.#held ?? []
    this.#held = undefined
    for (const message of [...pages.flat(), ...held]) this.#pass(message)
  }

  #pass(message: ChatMessage): void {
    if (message.id <= this.#newest) return
    this.#newest = message.id
    this.#tell(message)
  }
}
