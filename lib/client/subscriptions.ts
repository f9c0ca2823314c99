import type { AnyTopics, JoinedOf, ReceivedEvent, ReceivesOf } from "../protocol/contract.js"
import { RookeryError } from "../protocol/errors.js"
import { PHX_CLOSE } from "../protocol/events.js"
import type { ChannelOptions, Handler } from "./channel-options.js"
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
  channel(topic: string, params: unknown, options?: ChannelOptions): Channel
  /** The channel that each topic's messages go to. */
  readonly channels: ReadonlyMap<string, Channel>
  report(error: unknown): void
}

/** Whether two params say the same, as JSON. Functions are the same only if they are one. */
const same = (a: unknown, b: unknown): boolean =>
  a === b || (typeof a !== "function" && JSON.stringify(a) === JSON.stringify(b))

/** Joins a topic once for any number of subscribers. */
export function subscribe(
  host: SubscriptionHost,
  topic: string,
  handlers: Handlers<AnyTopics[string]>,
  params: unknown,
  options?: ChannelOptions,
): Subscription {
  let channel: Channel
  /** Ends what listens to it; empty once nobody does. */
  const stops: (() => void)[] = []
  const attach = (): void => {
    // Somebody's, who has joined the topic, or one to join.
    const joined = host.channels.get(topic)
    if (joined && ((params !== undefined && !same(joined.params, params)) || (options?.recover && !joined.hasSeen))) {
      throw new RookeryError("params_differ", `${topic} is joined; give its params and recover`)
    }
    channel = joined ?? host.channel(topic, params, options)
    params = channel.params
    if (!joined || channel.shares) channel.shares++
    for (const [event, handler] of Object.entries({ ...handlers, [PHX_CLOSE]: closed })) {
      if (handler) stops.push(channel.listen(event, handler))
    }
    if (channel.state === "closed") channel.join()
  }
  const stop = (): void => {
    while (stops.length) stops.pop()?.()
  }
  const closed: Handler<unknown> = (reason, ...refs) => {
    if (reason !== "leave") {
      stop()
      return handlers[PHX_CLOSE]?.(reason, ...refs)
    }
    // Whoever owned the channel left it, but here is one who has not: once the dust has settled, on with another.
    queueMicrotask(() => {
      if (!stops.length) return
      stop()
      try {
        attach()
      } catch (error) {
        host.report(error)
      }
    })
  }
  const unsubscribe = (): void => {
    if (!stops.length) return
    stop()
    if (channel.shares && !--channel.shares) channel.leave()
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
