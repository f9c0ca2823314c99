import type { Broadcast } from "./broadcast.js"

/** Whoever hears a topic. Must not throw. */
export interface Subscriber {
  /** What a broadcast names its sender by, if it has a name. */
  readonly recoveryId?: string | undefined
  deliver(broadcast: Broadcast): void
  /** Messages were lost on the way to this node. */
  lost?(): void
}

/** Who listens to which topic, on this node. */
export class PubSub {
  readonly #topics = new Map<string, Set<Subscriber>>()

  subscribe(topic: string, subscriber: Subscriber): void {
    const subscribers = this.#topics.get(topic)
    if (subscribers === undefined) this.#topics.set(topic, new Set([subscriber]))
    else subscribers.add(subscriber)
  }

  unsubscribe(topic: string, subscriber: Subscriber): void {
    const subscribers = this.#topics.get(topic)
    if (subscribers?.delete(subscriber) && subscribers.size === 0) this.#topics.delete(topic)
  }

  /** Tells everybody on the topic but one. Says how many it were. */
  publish(broadcast: Broadcast, except?: Subscriber): number {
    const subscribers = this.#topics.get(broadcast.topic)
    if (subscribers === undefined) return 0
    const { sender } = broadcast
    let count = 0
    for (const subscriber of subscribers) {
      if (subscriber === except || (sender !== undefined && subscriber.recoveryId === sender)) continue
      count++
      subscriber.deliver(broadcast)
    }
    return count
  }

  /** Everybody on a topic. */
  subscribers(topic: string): Iterable<Subscriber> {
    return this.#topics.get(topic) ?? []
  }

  /** How many listen to a topic. */
  count(topic: string): number {
    return this.#topics.get(topic)?.size ?? 0
  }

  /** How many topics anybody listens to. */
  get topics(): number {
    return this.#topics.size
  }
}
