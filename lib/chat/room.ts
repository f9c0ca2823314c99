import type { Channel } from "rookery"
import type { ChatMessage, ChatTopics } from "./topics.js"

/** The result of joining a room. */
export type Joined = ChatTopics["room:*"]["joined"]

type RoomSpec = ChatTopics["room:*"]

/** The number of older messages that are requested at once. */
const PAGE = 200

/**
 * One room of a client. Passes every message on once, in order. After a lost connection the answer to the join has the
 * room's last messages; if messages are missing before those, they are requested first.
 */
export class Room {
  readonly channel: Channel<RoomSpec>
  readonly #tell: (message: ChatMessage) => void
  readonly #failed: (error: unknown) => void
  /** The id of the newest message that was passed on. Ids rise with time. */
  #newest = ""
  /** Messages that arrive while older ones are being requested. */
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

  /** Joins the room. Resolves with the answer to the first join. */
  async join(): Promise<Joined> {
    const join = this.channel.join()
    // Called for every join, also after a lost connection.
    join.receive("ok", ({ messages }) => this.#joined(messages))
    return join
  }

  #joined(messages: readonly ChatMessage[]): void {
    if (!this.#wasJoined) {
      this.#wasJoined = true
      // The messages of the first join are its result, and are not passed on.
      this.#newest = messages.at(-1)?.id ?? ""
      return
    }
    this.#held ??= []
    void this.#catchUp(messages)
  }

  async #catchUp(messages: readonly ChatMessage[]): Promise<void> {
    const pages = [messages]
    try {
      // While the oldest of them is new, there may be more new ones before it.
      for (let first = messages[0]; first !== undefined && first.id > this.#newest;) {
        const { messages: older } = await this.channel.push("history", { before: first.id, limit: PAGE })
        pages.unshift(older)
        first = older[0]
      }
    } catch (error) {
      // If the connection is lost again, the next join starts over. Otherwise the messages so far are passed on.
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
