import type { AnyTopics, JoinedOf, ReceivedEvent, ReceivesOf } from "../protocol/contract.js"
import { RookeryError } from "../protocol/errors.js"
import { PHX_CLOSE } from "../protocol/events.js"
import type { Handler } from "./bindings.js"
import type { Channel } from "./channel.js"
import { sameParams } from "./same-params.js"

/** A handler by event. */
export type Handlers<S> = { [E in ReceivedEvent<S>]?: Handler<ReceivesOf<S>[E]> }

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
}

interface Member {
  handlers: Handlers<AnyTopics[string]>
  refs: [event: string, ref: number][]
}

interface Shared {
  params: unknown
  channel: Channel
  /** Whether the channel was made here, and is left here. */
  own: boolean
  members: Set<Member>
  closeRef: number
}

/** Topics that are joined once for any number of subscribers. */
export class Subscriptions {
  readonly #host: SubscriptionHost
  readonly #byTopic = new Map<string, Shared>()

  constructor(host: SubscriptionHost) {
    this.#host = host
  }

  subscribe(topic: string, handlers: Handlers<AnyTopics[string]>, params: unknown): Subscription {
    const known = this.#byTopic.get(topic)
    const joinedWith = known ?? this.#host.current(topic)
    if (joinedWith !== undefined && params !== undefined && !sameParams(joinedWith.params ?? {}, params)) {
      throw new RookeryError(
        "params_differ",
        `${topic} is joined with other params; subscribe with the same ones, with none, or unsubscribe first`,
      )
    }
    const shared = known ?? this.#share(topic, params)
    const member: Member = { handlers, refs: [] }
    shared.members.add(member)
    this.#attach(shared.channel, member)
    const unsubscribe = (): void => this.#leave(topic, shared, member)
    return {
      topic,
      get channel() {
        return shared.channel
      },
      get joined() {
        return shared.channel.joinPush
      },
      unsubscribe,
      [Symbol.dispose]: unsubscribe,
    }
  }

  clear(): void {
    this.#byTopic.clear()
  }

  #share(topic: string, params: unknown): Shared {
    const shared = { params, members: new Set<Member>() } as Shared
    this.#byTopic.set(topic, shared)
    this.#adopt(topic, shared)
    return shared
  }

  /** Takes the channel that somebody has joined the topic with, or joins with one of its own. */
  #adopt(topic: string, shared: Shared): void {
    const current = this.#host.current(topic)
    shared.own = current === undefined
    shared.channel = current ?? this.#host.channel(topic, shared.params)
    shared.params ??= shared.channel.params
    shared.closeRef = shared.channel.on(PHX_CLOSE, (reason) => this.#closed(topic, shared, reason))
    for (const member of shared.members) this.#attach(shared.channel, member)
    if (shared.own) shared.channel.join()
  }

  #closed(topic: string, shared: Shared, reason: unknown): void {
    if (this.#byTopic.get(topic) !== shared) return
    const { channel } = shared
    if (reason !== "leave") {
      // The server ended the channel, or the socket is no more.
      this.#byTopic.delete(topic)
      return
    }
    // Whoever owned the channel left it, but here are others who have not: once the dust has settled, on with another.
    queueMicrotask(() => {
      if (this.#byTopic.get(topic) !== shared || shared.channel !== channel) return
      channel.off(PHX_CLOSE, shared.closeRef)
      for (const member of shared.members) this.#detach(channel, member)
      this.#adopt(topic, shared)
    })
  }

  #leave(topic: string, shared: Shared, member: Member): void {
    if (!shared.members.delete(member)) return
    this.#detach(shared.channel, member)
    if (shared.members.size > 0 || this.#byTopic.get(topic) !== shared) return
    this.#byTopic.delete(topic)
    shared.channel.off(PHX_CLOSE, shared.closeRef)
    if (shared.own) shared.channel.leave()
  }

  #attach(channel: Channel, member: Member): void {
    for (const [event, handler] of Object.entries(member.handlers)) {
      if (handler === undefined) continue
      // To a subscriber, a channel that was left by its owner has only been replaced.
      const own: Handler<unknown> =
        event === PHX_CLOSE ? (reason, ref, joinRef) => reason !== "leave" && handler(reason, ref, joinRef) : handler
      member.refs.push([event, channel.on(event, own)])
    }
  }

  #detach(channel: Channel, member: Member): void {
    for (const [event, ref] of member.refs) channel.off(event, ref)
    member.refs = []
  }
}
