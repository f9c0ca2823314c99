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
  /** The channel that each topic's messages go to. */
  readonly channels: ReadonlyMap<string, Channel>
  report(error: unknown): void
}

/** Whether two params say the same, as JSON. Functions are the same only if they are one. */
const same = (a: unknown, b: unknown): boolean =>
  a === b || (typeof a !== "function" && JSON.stringify(a) === JSON.stringify(b))

/** How many subscribers share each channel that was made for them. */
const shares = /* @__PURE__ */ new WeakMap<Channel, number>()

/** Joins a topic once for any number of subscribers. */
export function subscribe(
  host: SubscriptionHost,
  topic: string,
  handlers: Handlers<AnyTopics[string]>,
  params: unknown,
): Subscription {
  let channel: Channel
  let listening: AbortController
  const attach = (): void => {
    // Somebody's, who has joined the topic, or one to join.
    const joined = host.channels.get(topic)
    if (joined && params !== undefined && !same(joined.params, params)) {
      throw new RookeryError("params_differ", `${topic} is joined with other params; give the same`)
    }
    channel = joined ?? host.channel(topic, params)
    params = channel.params
    const sharing = shares.get(channel)
    if (!joined || sharing) shares.set(channel, (sharing ?? 0) + 1)
    listening = new AbortController()
    for (const [event, handler] of Object.entries({ ...handlers, [PHX_CLOSE]: closed })) {
      if (handler) channel.listen(event, handler, listening)
    }
    if (channel.state === "closed") channel.join()
  }
  const closed: Handler<unknown> = (reason, ...refs) => {
    if (reason !== "leave") {
      listening.abort()
      return handlers[PHX_CLOSE]?.(reason, ...refs)
    }
    // Whoever owned the channel left it, but here is one who has not: once the dust has settled, on with another.
    queueMicrotask(() => {
      if (listening.signal.aborted) return
      listening.abort()
      try {
        attach()
      } catch (error) {
        host.report(error)
      }
    })
  }
  const unsubscribe = (): void => {
    if (listening.signal.aborted) return
    listening.abort()
    const sharing = shares.get(channel)
    if (sharing) shares.set(channel, sharing - 1)
    if (sharing === 1) channel.leave()
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
