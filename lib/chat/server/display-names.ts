import type { Endpoint } from "rookery/server"
import type { ChatTopics } from "../topics.js"
import type { ChatAssigns, People } from "./people.js"

type Renamed = ChatTopics["user:*"]["receives"]["display_name_changed"]

/** Hears of new display names of everybody who is connected to this server, wherever they were set, and shows them. */
export class DisplayNames {
  readonly #endpoint: Endpoint<ChatTopics, ChatAssigns>
  readonly #people: People
  readonly #listening = new Map<string, () => void>()

  constructor(endpoint: Endpoint<ChatTopics, ChatAssigns>, people: People) {
    this.#endpoint = endpoint
    this.#people = people
  }

  /** Somebody has connected, perhaps once more. */
  follow(email: string): void {
    if (this.#listening.has(email)) return
    const stop = this.#endpoint.subscribe(`user:${email}`, (event, payload) => {
      if (event === "display_name_changed") this.#rename(email, payload as Renamed)
    })
    this.#listening.set(email, stop)
  }

  /** A socket of somebody has gone. */
  unfollow(email: string): void {
    if (this.#people.sockets(email) > 0) return
    this.#listening.get(email)?.()
    this.#listening.delete(email)
  }

  #rename(email: string, changed: Renamed): void {
    const { display_name } = changed
    const { user, rooms } = this.#people.rename(email, display_name)
    for (const room of rooms) room.update(user.id, { email, display_name })
    for (const topic of new Set(rooms.map((room) => room.topic as `room:${string}`))) {
      this.#endpoint.broadcast(topic, "display_name_changed", changed)
    }
  }
}
