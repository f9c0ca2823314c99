import type { Endpoint } from "rookery/server/node"
import type { ChatMessage, ChatTopics } from "../topics.js"
import type { ChatAssigns, RoomChannel } from "./people.js"

/** Collects the messages of a room during a join. */
interface Listening {
  /** Messages that were sent since, and that are not in the answer. */
  said: ChatMessage[]
  stop(): void
}

/**
 * Ensures that a client which joins a room gets every message once, in the answer to the join or after it. A message
 * may be sent between the read from the store and the answer, and a message is in the store before it is broadcast.
 */
export class CatchUp {
  readonly #endpoint: Endpoint<ChatTopics, ChatAssigns>
  readonly #joining = new WeakMap<RoomChannel, Listening>()

  constructor(endpoint: Endpoint<ChatTopics, ChatAssigns>) {
    this.#endpoint = endpoint
  }

  /** The messages for the answer to a join: those that `look` finds, and those that were broadcast meanwhile. */
  async messages(
    room: RoomChannel,
    limit: number,
    look: () => Promise<ChatMessage[]>,
    told: (newest: string | undefined) => Promise<unknown>,
  ): Promise<ChatMessage[]> {
    const listening = this.#listen(room)
    const found = await look()
    // Waits until the messages that were found are broadcast: otherwise their broadcasts would come after the answer.
    await told(found.at(-1)?.id)
    const known = new Set(found.map(({ id }) => id))
    const all = [...found, ...listening.said.splice(0).filter(({ id }) => !known.has(id))]
    return all.slice(Math.max(0, all.length - limit))
  }

  /** Pushes the messages that were sent since the answer was made. Called as soon as the room is joined. */
  finish(room: RoomChannel): void {
    const listening = this.#joining.get(room)
    listening?.stop()
    for (const message of listening?.said ?? []) room.push("message", message)
    this.#joining.delete(room)
  }

  #listen(room: RoomChannel): Listening {
    const said: ChatMessage[] = []
    const stop = this.#endpoint.subscribe(room.topic as `room:${string}`, (event, payload) => {
      if (event === "message") said.push(payload)
    })
    // The signal aborts for every way in which the join can end without an answer.
    room.signal.addEventListener("abort", stop, { once: true })
    const listening = { said, stop }
    this.#joining.set(room, listening)
    return listening
  }
}
