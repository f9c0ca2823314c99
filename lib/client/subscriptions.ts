import type { AnyTopics, JoinedOf, ReceivedEvent, ReceivesOf } from "../protocol/contract.js"
import { RookeryError } from "../protocol/errors.js"
import { PHX_CLOSE } from "../protocol/events.js"
import type { ChannelOptions, Handler } from "./channel-options.js"
import type { Channel } from "./channel.js"

/** Handlers by event. */
export type Handlers<S> = [S] extends [unknown]
  ? { [E in ReceivedEvent<S>]?: Handler<ReceivesOf<S>[E]> | undefined }
  : never

/** One subscriber's share in the join of a topic. */
export interface Subscription<S = AnyTopics[string]> {
  readonly topic: string
  /** The current channel of the topic: for pushes, presence, and its state. The subscription leaves it. */
  readonly channel: Channel<S>
  /** Settles with the first answer to the join. */
  readonly joined: PromiseLike<JoinedOf<S>>
  /** Ends this subscription; the last one leaves the topic. */
  unsubscribe(): void
  [Symbol.dispose](): void
}

/** The part of a socket that subscriptions use. @internal */
export interface SubscriptionHost {
  channel(topic: string, params: unknown, options?: ChannelOptions): Channel
  /** The channel that the messages of each topic go to. */
  readonly channels: ReadonlyMap<string, Channel>
  report(error: unknown): void
}

/** Joins a topic once for any number of subscriptions. */
export function subscribe(
  host: SubscriptionHost,
  topic: string,
  handlers: Handlers<AnyTopics[string]>,
  params: unknown,
  options?: ChannelOptions,
): Subscription {
  let channel: Channel
  /** Each function removes one handler from the channel. Empty once unsubscribed. */
  const stops: (() => void)[] = []
  const attach = (): void => {
    const existing = host.channels.get(topic)
    if (existing && !isShareable(existing, params, options)) {
      throw new RookeryError("params_differ", `${topic} is joined already; use its params and recover`)
    }
    channel = existing ?? host.channel(topic, params, options)
    params = channel.params
    // A position or a rewind is for the first channel only: the next one would deliver messages that were already
    // handled.
    options &&= { recover: !!options.recover }
    // A channel that was joined without `subscribe()` is left by its owner, so its subscriptions are not counted.
    if (!existing || channel.subscriptions) channel.subscriptions++
    for (const [event, handler] of Object.entries({ ...handlers, [PHX_CLOSE]: onClose })) {
      if (handler) stops.push(channel.listen(event, handler))
    }
    if (channel.state === "closed") channel.join()
  }
  const detach = (): void => {
    while (stops.length) stops.pop()?.()
  }
  const onClose: Handler<unknown> = (reason, ...refs) => {
    if (reason !== "leave") {
      detach()
      handlers[PHX_CLOSE]?.(reason, ...refs)
      return
    }
    // The owner of the channel left it, but this subscription stays: it joins another channel, or shares the one that
    // replaced it. It waits for a microtask, because that channel has not joined yet.
    queueMicrotask(() => {
      if (!stops.length) return
      detach()
      try {
        attach()
      } catch (error) {
        host.report(error)
      }
    })
  }
  const unsubscribe = (): void => {
    if (!stops.length) return
    detach()
    if (channel.subscriptions > 0 && --channel.subscriptions === 0) channel.leave()
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

/**
 * Whether a subscription with these params and options can share the join of a channel. Params are the same if their JSON
 * is; functions only if they are identical.
 */
const isShareable = (channel: Channel, params: unknown, options: ChannelOptions | undefined): boolean =>
  (params === undefined ||
    params === channel.params ||
    (typeof params !== "function" && JSON.stringify(params) === JSON.stringify(channel.params))) &&
  (!options?.recover || !!channel.recovery)
