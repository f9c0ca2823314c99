import type { PubSubAdapter } from "./adapter.js"
import type { Broadcast } from "./broadcast.js"

/** Whoever hears a topic. Must not throw. */
export interface Subscriber {
  deliver(broadcast: Broadcast): void
}

/** Who listens to which topic, on this node. */
export class PubSub {
  readonly #topics = new Map<string, Set<Subscriber>>()
  readonly #adapter: PubSubAdapter | undefined

  constructor(adapter?: PubSubAdapter) {
    this.#adapter = adapter
  }

  subscribe(topic: string, subscriber: Subscriber): void {
    let subscribers = this.#topics.get(topic)
    if (subscribers === undefined) {
      this.#topics.set(topic, (subscribers = new Set()))
      this.#adapter?.subscribe?.(topic)
    }
    subscribers.add(subscriber)
  }

  unsubscribe(topic: string, subscriber: Subscriber): void {
    const subscribers = this.#topics.get(topic)
    if (subscribers === undefined || !subscribers.delete(subscriber) || subscribers.size > 0) return
    this.#topics.delete(topic)
    this.#adapter?.unsubscribe?.(topic)
  }

  /** Tells everybody on the topic, here and on other nodes, but one. Says how many it were here. */
  publish(broadcast: Broadcast, except?: Subscriber): number {
    const count = this.publishLocally(broadcast, except)
    this.#adapter?.publish({ topic: broadcast.topic, event: broadcast.event, payload: broadcast.payload })
    return count
  }

  /** The same on this node only. */
  publishLocally(broadcast: Broadcast, except?: Subscriber): number {
    const subscribers = this.#topics.get(broadcast.topic)
    if (subscribers === undefined) return 0
    let count = 0
    for (const subscriber of subscribers) {
      if (subscriber === except) continue
      count++
      subscriber.deliver(broadcast)
    }
    return count
  }

  /** How many topics anybody listens to. */
  get topics(): number {
    return this.#topics.size
  }
}
