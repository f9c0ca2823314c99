import type { Endpoint } from "rookery/server"
import type { ChatMessage, ChatTopics } from "../topics.js"
import type { ChatAssigns, RoomChannel } from "./people.js"

/** Hears what is said in a room while somebody joins it. */
interface Listening {
  /** What was said since, and is in no answer yet. */
  said: ChatMessage[]
  stop(): void
}

/**
 * Sees to it that who joins a room gets every message once: in the answer to the join, or after it. Between the look into
 * the store and the answer something may be said, and what is being kept meanwhile is in the store before it is told.
 */
export class CatchUp {
  readonly #endpoint: Endpoint<ChatTopics, ChatAssigns>
  readonly #joining = new WeakMap<RoomChannel, Listening>()

  constructor(endpoint: Endpoint<ChatTopics, ChatAssigns>) {
    this.#endpoint = endpoint
  }

  /** The messages for the answer to a join: those that `look` finds, and those that were told meanwhile. */
  async messages(
    room: RoomChannel,
    limit: number,
    look: () => Promise<ChatMessage[]>,
    told: (newest: string | undefined) => Promise<unknown>,
  ): Promise<ChatMessage[]> {
    const listening = this.#listen(room)
    const found = await look()
    // What was found and not told yet would come a second time.
    await told(found.at(-1)?.id)
    const known = new Set(found.map(({ id }) => id))
    const all = [...found, ...listening.said.splice(0).filter(({ id }) => !known.has(id))]
    return all.slice(Math.max(0, all.length - limit))
  }

  /** Sends what was said since the answer was made. Called as soon as the room is joined. */
  finish(room: RoomChannel): void {
    const listening = this.#joining.get(room)
    listening?.stop()
    for (const message of listening?.said ?? []) room.push("message", message)
    this.#joining.delete(room)
  }

  #listen(room: RoomChannel): Listening {
    const said: ChatMessage[] = []
    const stop = this.#endpoint.subscribe(room.topic, (event, payload) => {
      if (event === "message") said.push(payload as ChatMessage)
    })
    // However the join ends without an answer.
    room.signal.addEventListener("abort", stop, { once: true })
    const listening = { said, stop }
    this.#joining.set(room, listening)
    return listening
  }
}
