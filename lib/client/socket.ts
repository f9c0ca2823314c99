import type { AnyTopics, Contract, Loose, ParamsOf, SpecOf, TopicOf } from "../protocol/contract.js"
import { HEARTBEAT, PHOENIX_TOPIC } from "../protocol/events.js"
import type { Message, Ref } from "../protocol/message.js"
import { jsonForClient } from "../serializer/json.js"
import type { Codec, Frame, IncomingFrame } from "../serializer/serializer.js"
import type { CloseInfo, Link, LinkEvents, LinkTraits, Transport } from "../transport/transport.js"
import { longPoll } from "../transport/longpoll.js"
import { bind, callBindings, rebind, type Bindings } from "./bindings.js"
import type { ChannelEnd } from "./channel-host.js"
import { ChannelTable } from "./channel-table.js"
import { Channel } from "./channel.js"
import { EndPoint, type Target } from "./end-point.js"
import { Heartbeat } from "./heartbeat.js"
import { Outbox } from "./outbox.js"
import type { ChannelOptions, JoinOptions } from "./channel-options.js"
import type { Push, PushOptions } from "./push.js"
import { Reconnector, type DownReason, type Status, type StatusChange } from "./reconnector.js"
import {
  chooseTransport,
  resolveOptions,
  toTransport,
  type OpenedOptions,
  type ParamsArgument,
  type ResolvedOptions,
  type SocketOptions,
  type TransportOption,
} from "./socket-options.js"
import { subscribe, type Handlers, type Subscription, type SubscriptionHost } from "./subscriptions.js"

/**
 * One connection to a Phoenix server, with any number of rooms on it.
 *
 * A superset of phoenix.js's `Socket`, by its names. With a contract as type argument, topics, events, payloads and
 * answers are checked; without one everything goes.
 */
export class Socket<T extends Contract<T> = AnyTopics> {
  readonly #endPoint: EndPoint
  /** @internal */
  readonly options: ResolvedOptions
  readonly #connection: Reconnector<Target>
  readonly #heartbeat: Heartbeat
  readonly #outbox: Outbox
  #bindings: Bindings
  /** @internal */
  readonly channels: ChannelTable = new ChannelTable()
  /** @internal */
  readonly owing = new Set<Push>()
  #transport: Transport
  #codec: Codec
  #ref = 0
  #established = 0
  #reporting = false

  /**
   * @param endPoint where the socket is mounted: `wss://example.com/socket`, or `/socket` for the page's own host
   */
  constructor(endPoint: string, options: SocketOptions = {}) {
    const resolved = (this.options = resolveOptions(options))
    this.#endPoint = new EndPoint(`${endPoint}/websocket`, resolved)
    this.#transport = chooseTransport(resolved)
    this.#codec = resolved.serializer.client
    this.#connection = new Reconnector<Target>(this, resolved)
    this.#heartbeat = new Heartbeat(
      resolved,
      () => this.#beat(),
      () => this.#connection.letGo(),
    )
    this.#outbox = new Outbox(resolved, this.#connection, (message, push) => this.#write(message, push))
  }

  /** How long to wait for an answer, in milliseconds. */
  get timeout(): number {
    return this.options.timeout
  }

  /** Where the connection stands. */
  get status(): Status {
    return this.#connection.status
  }

  /**
   * Connects, and connects again whenever the line breaks. While it waits to do so, tries at once.
   *
   * @param params deprecated: give them to the constructor
   * @throws a `RookeryError` with code `destroyed` after {@link Socket.destroy}
   */
  connect(params?: object): void {
    this.channels.assertAlive()
    if (params !== undefined) {
      console.log("params: use the constructor")
      this.options.params = params
    }
    this.#connection.connect()
  }

  /** Ends the connection, and stays disconnected. Rooms are joined again at the next {@link Socket.connect}. */
  disconnect(callback?: () => void, code?: number, reason?: string): void {
    this.#connection.disconnect(callback, code, reason)
  }

  /** Resolves once connected; rejects when the trying has ended, the time is up or the signal aborted. */
  async opened({ timeout, signal }: OpenedOptions = {}): Promise<void> {
    this.channels.assertAlive()
    return this.#connection.opened(timeout, signal)
  }

  /** Ends everything: the connection, every room, every timer and every listener. Pending answers reject. */
  destroy(): void {
    this.channels.destroyed = true
    for (const channel of this.channels.values()) channel.destroy()
    for (const push of this.owing) push.stopTimer()
    this.#outbox.clear()
    this.#connection.abandon()
    this.#bindings = undefined
  }

  [Symbol.dispose](): void {
    this.destroy()
  }

  /** Disconnects, waits for the other end to hear it, and destroys the socket. */
  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => this.disconnect(resolve))
    this.destroy()
  }

  /** A channel of a topic, not joined yet. Params may be a function, asked at every join, which may be async. */
  channel<Topic extends TopicOf<T>>(
    topic: Topic,
    ...[params, options]: [...ParamsArgument<ParamsOf<SpecOf<T, Topic>>>, options?: ChannelOptions]
  ): Channel<SpecOf<T, Topic>> {
    return new Channel<SpecOf<T, Topic>>(topic, params, this, options as ChannelOptions | undefined)
  }

  /** Makes a channel, joins it, and gives it once the join is answered; a refused one is left and thrown. */
  async join<Topic extends TopicOf<T>>(
    topic: Topic,
    ...[params, options]: [...ParamsArgument<ParamsOf<SpecOf<T, Topic>>>, options?: JoinOptions]
  ): Promise<Channel<SpecOf<T, Topic>>> {
    const channel = new Channel<SpecOf<T, Topic>>(topic, params, this, options as ChannelOptions | undefined)
    await channel.join(options as PushOptions | undefined).catch((error: unknown) => {
      channel.leave()
      throw error
    })
    return channel
  }

  /** For compatibility with phoenix.js: messages of the topic no longer reach the channel, which is not left. */
  remove(channel: { readonly topic: string }): void {
    this.channels.exit(channel as ChannelEnd)
  }

  /**
   * Listens to a topic with others: the first subscriber joins it, or shares the join of a channel that is there, and
   * the last one leaves it.
   *
   * @throws a `RookeryError` with code `params_differ` if the topic is joined with other params, or without `recover`
   */
  subscribe<Topic extends TopicOf<T>>(
    topic: Topic,
    handlers: Handlers<SpecOf<T, Topic>>,
    ...[params, options]: [...ParamsArgument<ParamsOf<SpecOf<T, Topic>>>, options?: ChannelOptions]
  ): Subscription<SpecOf<T, Topic>> {
    const host = this as unknown as SubscriptionHost
    const subscription = subscribe(
      host,
      topic,
      handlers as Handlers<AnyTopics[string]>,
      params,
      options as ChannelOptions | undefined,
    )
    return subscription as unknown as Subscription<SpecOf<T, Topic>>
  }

  /** Calls back at every opened connection. The ref is for {@link Socket.off}. */
  onOpen(callback: () => void): string {
    return this.#on("open", callback)
  }

  /** Calls back at every closed connection, with its close event. */
  onClose<Info extends CloseInfo = CloseInfo>(callback: (info: Info) => void): string {
    return this.#on("close", callback)
  }

  /** Calls back at errors of the connection, at frames that make no sense, and when a callback of yours throws. */
  onError<Reason = unknown, Way = TransportOption | undefined>(
    callback: (error: Reason, transport: Way, establishedConnections: number) => void,
  ): string {
    return this.#on("error", callback)
  }

  /** Calls back for every message, after its channel. */
  onMessage(callback: (message: Message<Loose>) => void): string {
    return this.#on("message", callback)
  }

  /** Calls back when the {@link Status} changes, and whenever a new attempt is planned. */
  onStatus(callback: (status: Status, change: StatusChange) => void): string {
    return this.#on("status", callback)
  }

  /** Takes callbacks off by their refs. */
  off(refs: readonly string[]): void {
    this.#bindings = rebind(this.#bindings, ({ ref }) => !refs.includes(ref as string))
  }

  /** Asks the server for a sign of life and calls back with the milliseconds it took; `false` if not connected. */
  ping(callback: (rtt: number) => void): boolean {
    const connected = this.isConnected()
    if (connected) this.#heartbeat.ping(callback)
    return connected
  }

  isConnected(): boolean {
    return !!this.#connection.link
  }

  /** By phoenix.js's words. {@link Socket.status} tells more. */
  connectionState(): "connecting" | "open" | "closing" | "closed" {
    return this.#connection.state
  }

  /** The URL of the websocket. With async params, those of the last attempt. */
  endPointURL(): string {
    return this.#endPoint.url()
  }

  /** `wss` on a page that came by https. */
  protocol(): "ws" | "wss" {
    return location.protocol === "https:" ? "wss" : "ws"
  }

  /** Ends the connection at once; the next {@link Socket.connect} goes another way. */
  replaceTransport(transport: TransportOption): void {
    this.options.transport = transport
    this.#transport = toTransport(transport)
    this.#connection.abandon()
  }

  /** A long-poll transport, for {@link Socket.replaceTransport}. */
  getLongPollTransport(): Transport {
    return longPoll()
  }

  /**
   * Sends a message as it is, or keeps it for the next connection.
   *
   * @throws a `BufferFullError` if too many wait already
   */
  push(message: Omit<Message, "join_ref"> & { join_ref?: Ref }): void {
    this.post({ join_ref: null, ...message })
  }

  /** A ref that this socket has not used yet. */
  makeRef(): string {
    return String(++this.#ref)
  }

  log(kind: string, message: string, data?: unknown): void {
    this.options.logger?.(kind, message, data)
  }

  hasLogger(): boolean {
    return !!this.options.logger
  }

  /** @internal */
  post(message: Message, push?: Push): void {
    this.#outbox.post(message, push)
  }

  /** Tells what nobody else can be told: a callback that threw, a frame that makes no sense. @internal */
  report(error: unknown): void {
    // A callback that throws about an error is not told of its own.
    const first = !this.#reporting
    this.#reporting = true
    const heard = first && this.onConnError(error)
    this.#reporting = !first
    if (typeof reportError === "function") reportError(error)
    else if (!heard) console.error(error)
  }

  /** @internal */
  findTarget(): Target | PromiseLike<Target> {
    return this.#endPoint.target()
  }

  /** @internal */
  open(target: Target, events: LinkEvents): Link {
    return this.#endPoint.open(this.#transport, target, events)
  }

  /** @internal */
  onConnOpen({ textOnly, skipHeartbeat, wantsPing }: LinkTraits): void {
    const { serializer } = this.options
    this.log("transport", `${this.#transport.name} connected to ${this.#endPoint}`)
    this.#codec = (textOnly && !serializer.longPoll ? jsonForClient : serializer).client
    this.#established++
    this.#outbox.flush()
    if (!skipHeartbeat) this.#heartbeat.start()
    for (const channel of this.channels.values()) channel.onConnOpen()
    this.#tell("open")
    if (wantsPing) this.#beat()
  }

  /** @internal */
  onConnMessage(frame: IncomingFrame): void {
    const { decode } = this.options
    const { link } = this.#connection
    try {
      if (!decode) return this.#message(this.#codec.decode(frame))
      decode(frame, (message) => {
        if (this.#connection.link === link) this.#message(message)
      })
    } catch (error) {
      this.report(error)
    }
  }

  /** @internal */
  onConnError(error: unknown): boolean {
    this.log("transport", "error", error)
    return this.#tell("error", error, this.options.transport, this.#established)
  }

  /** @internal */
  onConnDown(reason: DownReason): void {
    this.#heartbeat.stop()
    // What a handler joins now waits for the next line.
    for (const channel of [...this.channels.values()]) channel.onConnDown(reason)
  }

  /** @internal */
  onConnClose(info: CloseInfo): void {
    this.log("transport", "close", info)
    this.#tell("close", info)
  }

  /** @internal */
  onConnStatus(status: Status, change: StatusChange): void {
    this.#tell("status", status, change)
  }

  /** @internal */
  onConnSuspect(): void {
    this.#heartbeat.beat()
  }

  #on(event: string, callback: (...args: never[]) => void): string {
    const ref = this.makeRef()
    this.#bindings = bind(this.#bindings, event, ref, callback)
    return ref
  }

  #tell(event: string, ...args: unknown[]): boolean {
    return callBindings(this.#bindings, this, event, ...args)
  }

  #beat(): string {
    const ref = this.makeRef()
    // Not through the outbox: behind a full one, a slow line would pass for a dead one.
    this.#write({ join_ref: null, ref, topic: PHOENIX_TOPIC, event: HEARTBEAT, payload: {} })
    return ref
  }

  /** Sends over the line, which is open. */
  #write(message: Message, push?: Push): void {
    const { link } = this.#connection
    const { ref } = message
    const { encode } = this.options
    this.#logMessage("push", message)
    try {
      if (encode) {
        encode(message, (frame) => {
          if (this.#connection.link === link && (!push || push.ref === ref)) link?.send(frame as Frame)
        })
      } else {
        link?.send(this.#codec.encode(message))
      }
      if (push) push.sentRef = ref
    } catch (error) {
      if (push) push.failLoudly(error as Error)
      else this.report(error)
    }
  }

  #logMessage(kind: string, { topic, event, join_ref, ref, payload }: Message): void {
    this.options.logger?.(kind, `${topic} ${event} (${join_ref}, ${ref})`, payload)
  }

  #message(message: Message): void {
    const { topic, ref } = message
    this.#logMessage("receive", message)
    this.channels.get(topic)?.receive(message)
    this.#tell("message", message)
    if (topic === PHOENIX_TOPIC) this.#heartbeat.onPong(ref)
  }
}
