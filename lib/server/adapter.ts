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
