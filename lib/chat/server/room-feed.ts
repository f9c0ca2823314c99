import type { Endpoint } from "rookery/server/node"
import type { ChatMessage, ChatTopics } from "../topics.js"
import { InOrder } from "./in-order.js"
import type { ChatAssigns } from "./people.js"
import type { Appended, ChatStore, Following, Kept, NewMessage, RoomRefusal } from "./store.js"

type RoomTopic = `room:${string}`

/** A room in a store that several servers share, while a user of this server is in it. */
interface Followed {
  users: number
  readonly following: Promise<Following>
  /** Callers that wait until a message is broadcast. */
  readonly waiting: Set<{ id: string; resolve: () => void }>
}

/**
 * Broadcasts the messages of a room to this server's clients, in the order in which they are stored. With a store of
 * its own, the server broadcasts the messages that it appends; with a shared store, those that the store reports.
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

  /** A client enters a room: once this resolves, no message is missed. Every `enter` needs one `exit`. */
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
      // The call of `enter` has rejected with this error.
      () => undefined,
    )
  }

  /** Stores a message, answers its sender, and broadcasts the message. */
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

  /** Resolves once all messages up to this one are broadcast. */
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
