import { Broadcast } from "./broadcast.js"

/** A broadcast as it travels between nodes. */
export interface PublishedBroadcast {
  readonly topic: string
  readonly event: string
  readonly payload: unknown
}

/**
 * Connects the endpoints of several nodes. An adapter passes on what is published here, and calls `deliver` with what
 * was published elsewhere; it never gets its own back. Without one an endpoint is alone.
 */
export interface PubSubAdapter {
  /** Called once, before anything else. */
  start(deliver: (broadcast: PublishedBroadcast) => void): void | Promise<void>
  /** Tells the other nodes. Must not throw: what cannot be told is the adapter's to report. */
  publish(broadcast: PublishedBroadcast): void
  /** The first subscriber of a topic came. */
  subscribe?(topic: string): void
  /** The last subscriber of a topic went. */
  unsubscribe?(topic: string): void
  close?(): void | Promise<void>
}

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
