import type { AnyTopics, JoinedOf, ReceivedEvent, ReceivesOf } from "../protocol/contract.js"
import { RookeryError } from "../protocol/errors.js"
import { PHX_CLOSE } from "../protocol/events.js"
import type { Handler } from "./channel-options.js"
import type { Channel } from "./channel.js"

/** A handler by event. */
export type Handlers<S> = [S] extends [unknown]
  ? { [E in ReceivedEvent<S>]?: Handler<ReceivesOf<S>[E]> | undefined }
  : never

/** A share in a topic's join. */
export interface Subscription<S = AnyTopics[string]> {
  readonly topic: string
  /** The channel that carries it now: for pushes, presence, and a look at its state. Leave it to the subscription. */
  readonly channel: Channel<S>
  /** Settles with the first answer to the join. */
  readonly joined: PromiseLike<JoinedOf<S>>
  /** Gives the share back; the last one leaves the topic. */
  unsubscribe(): void
  [Symbol.dispose](): void
}

/** What subscriptions need of their socket. @internal */
export interface SubscriptionHost {
  channel(topic: string, params: unknown): Channel
  /** The channel that the topic's messages go to. */
  current(topic: string): Channel | undefined
  report(error: unknown): void
}

/** Whether two params say the same, as JSON. Functions are the same only if they are one. */
const same = (a: unknown, b: unknown): boolean =>
  a === b || (typeof a !== "function" && JSON.stringify(a) === JSON.stringify(b))

/** Topics that are joined once for any number of subscribers. */
export class Subscriptions {
  readonly #host: SubscriptionHost
  /** How many share each channel that was made here. */
  readonly #shares = new WeakMap<Channel, number>()

  constructor(host: SubscriptionHost) {
    this.#host = host
  }

  subscribe(topic: string, handlers: Handlers<AnyTopics[string]>, params: unknown): Subscription {
    let channel: Channel
    let stops: (() => void)[] = []
    const stop = (): void => {
      for (const each of stops) each()
      stops = []
    }
    const attach = (): void => {
      channel = this.#take(topic, params)
      params = channel.params
      stops = [channel.listen(PHX_CLOSE, closed)]
      for (const [event, handler] of Object.entries(handlers)) {
        // To a subscriber, a channel that was left by its owner has only been replaced.
        const own: Handler<unknown> = (payload, ref, joinRef) => {
          if (event !== PHX_CLOSE || payload !== "leave") handler?.(payload, ref, joinRef)
        }
        stops.push(channel.listen(event, own))
      }
      if (channel.state === "closed") channel.join()
    }
    const closed = (reason: unknown): void => {
      if (reason !== "leave") return stop()
      // Whoever owned the channel left it, but here is one who has not: once the dust has settled, on with another.
      queueMicrotask(() => {
        if (stops.length === 0) return
        stop()
        try {
          attach()
        } catch (error) {
          this.#host.report(error)
        }
      })
    }
    const unsubscribe = (): void => {
      if (stops.length === 0) return
      stop()
      this.#giveBack(channel)
    }
    attach()
    return {
      topic,
      get channel() {
        return channel
      },
      get joined() {
        return channel.joinPush
      },
      unsubscribe,
      [Symbol.dispose]: unsubscribe,
    }
  }

  /** The channel that somebody has joined the topic with, or one to join. */
  #take(topic: string, params: unknown): Channel {
    const joined = this.#host.current(topic)
    if (joined && params !== undefined && !same(joined.params, params)) {
      throw new RookeryError("params_differ", `${topic} is joined with other params; give the same ones, or none`)
    }
    const channel = joined ?? this.#host.channel(topic, params)
    const shares = this.#shares.get(channel)
    if (!joined || shares) this.#shares.set(channel, (shares ?? 0) + 1)
    return channel
  }

  #giveBack(channel: Channel): void {
    const shares = this.#shares.get(channel)
    if (!shares) return
    this.#shares.set(channel, shares - 1)
    if (shares === 1) channel.leave()
  }
}
