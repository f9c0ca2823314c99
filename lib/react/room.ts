import {
  PushError,
  TimeoutError,
  type Channel,
  type Handler,
  type Loose,
  type PresenceState,
  type Reply,
  type RookeryError,
  type Socket,
  type Subscription,
} from "rookery"
import type { Address, ChannelView } from "./channel-view.js"
import { watchJoin } from "./join-watch.js"
import { People } from "./people.js"

/** A hook that holds a room. */
export interface Holder {
  readonly address: Address
}

interface Listener {
  readonly event: string
  readonly handler: Handler<Loose>
  /** Set while there is a channel. */
  stop?: () => void
}

/** A topic that components share: one subscription of the socket, and the view of it. */
export class Room {
  /** The hooks that hold it, in the order in which they were added. */
  readonly holders: Set<Holder> = new Set()
  readonly address: Address
  readonly #socket: Socket
  readonly #people = new People()
  readonly #watchers = new Set<() => void>()
  readonly #listeners = new Set<Listener>()
  #view: ChannelView
  #subscription: Subscription | undefined
  /** Removes the listeners of the current channel. */
  #listening = new AbortController()

  constructor(socket: Socket, address: Address) {
    this.#socket = socket
    this.address = address
    this.#view = address.before
  }

  get view(): ChannelView {
    return this.#view
  }

  get people(): PresenceState<Loose> {
    return this.#people.state
  }

  /** The channel that currently serves it. */
  get channel(): Channel | undefined {
    return this.#subscription?.channel
  }

  /** How much it requires of the join: 0 accepts whatever params and options others have joined with. */
  get demand(): number {
    const { params, options } = this.address
    return (options.recover ? 2 : 0) + (params === undefined ? 0 : 1)
  }

  /** Calls back whenever the view changes. */
  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  /** Listens to an event on whichever channel currently serves the room. */
  listen(event: string, handler: Handler<Loose>): () => void {
    const listener: Listener = { event, handler }
    this.#listeners.add(listener)
    if (this.channel) listener.stop = this.channel.listen(event, handler)
    return () => {
      this.#listeners.delete(listener)
      listener.stop?.()
    }
  }

  /** Subscribes to the topic. */
  attach(): void {
    const { topic, params, options } = this.address
    try {
      const asked = typeof params === "function" ? this.#ask : params
      this.#subscription = this.#socket.subscribe(topic, {}, asked, options)
    } catch (error) {
      return this.#show({ state: "closed", error: error as RookeryError })
    }
    this.#follow(this.#subscription)
  }

  /** Unsubscribes; the last subscription leaves the topic. */
  detach(): void {
    this.#unfollow()
    this.#subscription?.unsubscribe()
    this.#subscription = undefined
    this.#people.clear()
    this.#view = this.address.before
    this.#tell()
  }

  /**
   * Calls the params function of the newest hook that is still mounted. All functions share a room, and that of an
   * unmounted component would keep returning the params of its last rendering, such as an expired token.
   */
  readonly #ask = (): unknown => {
    const { address } = [...this.holders].at(-1) ?? this
    return (address.params as () => unknown)()
  }

  #follow(subscription: Subscription): void {
    const { channel } = subscription
    const listening = (this.#listening = new AbortController())
    const join = watchJoin(channel.joinPush)
    join.onTimeout.add(this.#timedOut)
    listening.signal.addEventListener("abort", () => join.onTimeout.delete(this.#timedOut))
    channel.listen("phx_reply", (reply, ref, joinRef) => void (ref === joinRef && this.#answered(reply)), listening)
    channel.listen("phx_error", () => this.#show({ state: "errored" }), listening)
    channel.listen("phx_close", (reason) => this.#closed(subscription, reason), listening)
    channel.listen("presence_state", (state, _ref, joinRef) => this.#sync(state, joinRef), listening)
    channel.listen(
      "presence_diff",
      (diff, _ref, joinRef) => void (this.#people.change(diff, joinRef) && this.#tell()),
      listening,
    )
    for (const listener of this.#listeners) listener.stop = channel.listen(listener.event, listener.handler)
    const { state } = channel
    this.#show({ channel, state, error: undefined, ...(state === "joined" && { joined: join.joined }) })
  }

  #unfollow(): void {
    this.#listening.abort()
    for (const listener of this.#listeners) listener.stop?.()
  }

  #sync(state: PresenceState<Loose>, joinRef: unknown): void {
    this.#people.sync(state, joinRef)
    this.#tell()
  }

  #answered({ status, response }: Reply<Loose>): void {
    if (status === "ok") return this.#show({ state: "joined", joined: response, error: undefined })
    if (this.channel?.state === "joined") return
    this.#show({ state: "errored", error: new PushError(`the join of ${this.address.topic}`, status, response) })
  }

  readonly #timedOut = (): void => {
    this.#show({
      state: "errored",
      error: new TimeoutError("timeout", `the join of ${this.address.topic}: no answer in time`),
    })
  }

  #closed(subscription: Subscription, reason: unknown): void {
    const { channel } = subscription
    const close = (): void => {
      this.#people.clear()
      this.#show({ state: "closed" })
    }
    if (reason !== "leave") return close()
    // The owner of the channel left it; the subscription is about to continue with another channel.
    queueMicrotask(() => {
      if (this.#subscription !== subscription) return
      if (subscription.channel === channel) return close()
      this.#unfollow()
      this.#follow(subscription)
    })
  }

  #show(seen: Partial<ChannelView>): void {
    this.#view = { ...this.#view, ...seen }
    this.#tell()
  }

  #tell(): void {
    for (const watcher of [...this.#watchers]) watcher()
  }
}
