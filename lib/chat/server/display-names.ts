import type { Endpoint } from "rookery/server/node"
import type { ChatTopics } from "../topics.js"
import type { ChatAssigns, People } from "./people.js"

type Renamed = ChatTopics["user:*"]["receives"]["display_name_changed"]

/** Shows new display names of the users of this server in their rooms, also if they were set on another server. */
export class DisplayNames {
  readonly #endpoint: Endpoint<ChatTopics, ChatAssigns>
  readonly #people: People
  readonly #listening = new Map<string, () => void>()

  constructor(endpoint: Endpoint<ChatTopics, ChatAssigns>, people: People) {
    this.#endpoint = endpoint
    this.#people = people
  }

  /** A user has connected, perhaps with a further socket. */
  follow(email: string): void {
    if (this.#listening.has(email)) return
    const stop = this.#endpoint.subscribe(`user:${email}`, (event, payload) => {
      if (event === "display_name_changed") this.#rename(email, payload)
    })
    this.#listening.set(email, stop)
  }

  /** A socket of a user has disconnected. */
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
