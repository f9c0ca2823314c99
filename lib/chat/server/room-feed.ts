import type { Endpoint } from "rookery/server"
import type { ChatMessage, ChatTopics } from "../topics.js"
import { InOrder } from "./in-order.js"
import type { ChatAssigns } from "./people.js"
import type { Appended, ChatStore, Following, Kept, NewMessage, RoomRefusal } from "./store.js"

type RoomTopic = `room:${string}`

/** A room of a store that several servers share, while somebody of this server is in it. */
interface Followed {
  users: number
  readonly following: Promise<Following>
  /** Those who wait until a message was told. */
  readonly waiting: Set<{ id: string; resolve: () => void }>
}

/**
 * Tells the rooms of this server what is said in them, in the order in which it is kept. Of a store of its own that is
 * what it appends itself; of a shared one it is what the store tells.
 */
export class RoomFeed {
  readonly #endpoint: Endpoint<ChatTopics, ChatAssigns>
  readonly #store: ChatStore
  readonly #inOrder = new InOrder()
  readonly #followed = new Map<RoomTopic, Followed>()

  constructor(endpoint: Endpoint<ChatTopics, ChatAssigns>, store: ChatStore) {
    this.#endpoint = endpoint
    this.#store = store
  }

  /** Somebody comes: from here on nothing that is said is missed. Every `enter` is followed by an `exit`. */
  async enter(topic: RoomTopic, room: string): Promise<void> {
    if (this.#store.follow === undefined) return
    let followed = this.#followed.get(topic)
    if (followed === undefined) {
      const waiting: Followed["waiting"] = new Set()
      const following = this.#store.follow(room, (message) => this.#told(topic, waiting, message))
      followed = { users: 0, following, waiting }
      this.#followed.set(topic, followed)
    }
    followed.users++
    await followed.following
  }

  exit(topic: RoomTopic): void {
    const followed = this.#followed.get(topic)
    if (followed === undefined || --followed.users > 0) return
    this.#followed.delete(topic)
    followed.following.then(
      (following) => following.stop(),
      // Whoever wanted to enter was told.
      () => undefined,
    )
  }

  /** Keeps a message, answers its sender, and tells the room. */
  async say(
    topic: RoomTopic,
    room: string,
    message: NewMessage,
    { kept, mayBegin }: { kept: Kept; mayBegin: boolean },
    answer: (outcome: Appended | RoomRefusal) => void,
  ): Promise<void> {
    await this.#inOrder.finish(topic, this.#store.append(room, message, kept, mayBegin), (outcome) => {
      answer(outcome)
      if (typeof outcome === "string" || this.#store.follow !== undefined) return
      this.#endpoint.broadcast(topic, "message", outcome.said)
    })
  }

  /** Resolves once the room was told of everything up to a message. */
  async through(topic: RoomTopic, id: string | undefined): Promise<void> {
    await this.#inOrder.through(topic)
    const followed = this.#followed.get(topic)
    if (id === undefined || followed === undefined || (await followed.following).newest >= id) return
    await new Promise<void>((resolve) => followed.waiting.add({ id, resolve }))
  }

  #told(topic: RoomTopic, waiting: Followed["waiting"], message: ChatMessage): void {
    this.#endpoint.localBroadcast(topic, "message", message)
    for (const entry of waiting) {
      if (entry.id > message.id) continue
      waiting.delete(entry)
      entry.resolve()
    }
  }
}
