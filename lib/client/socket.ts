import type { AnyTopics, Contract, ParamsOf, SpecOf, TopicOf } from "../protocol/contract.js"
import { RookeryError } from "../protocol/errors.js"
import { HEARTBEAT, PHOENIX_TOPIC } from "../protocol/events.js"
import type { Message, Ref } from "../protocol/message.js"
import { jsonForClient } from "../serializer/json.js"
import type { Codec, Frame, IncomingFrame } from "../serializer/serializer.js"
import type { CloseInfo, Link, LinkEvents, LinkTraits, Transport } from "../transport/transport.js"
import { longPoll } from "../transport/longpoll.js"
import { ChannelTable } from "./channel-table.js"
import { Channel } from "./channel.js"
import type { ChannelHost } from "./channel-host.js"
import type { ChannelOptions, JoinOptions } from "./channel-options.js"
import { chooseTransport } from "./choose-transport.js"
import type { DownReason, Status, StatusChange } from "./connection-status.js"
import { EndPoint, type Credentials } from "./end-point.js"
import { Heartbeat } from "./heartbeat.js"
import { Outbox } from "./outbox.js"
import type { PushOptions } from "./push-options.js"
import type { Push } from "./push.js"
import { ReconnectingLink } from "./reconnecting-link.js"
import { resolveOptions, type ResolvedOptions } from "./resolve-options.js"
import type { OpenedOptions, ParamsArgument, SocketOptions, TransportOption } from "./socket-options.js"
import { SocketEvents } from "./socket-events.js"
import { subscribe, type Handlers, type Subscription, type SubscriptionHost } from "./subscriptions.js"

/**
 * One connection to a Phoenix server, with any number of channels on it.
 *
 * It has every member of phoenix.js's `Socket`, with the same names, and more. With a contract as its type argument,
 * topics, events, payloads and responses are checked; without one, any are allowed.
 */
export class Socket<T extends Contract<T> = AnyTopics> extends SocketEvents implements ChannelHost {
  readonly #endPoint: EndPoint
  /** @internal */
  readonly options: ResolvedOptions
  readonly #connection: ReconnectingLink<Credentials>
  readonly #heartbeat: Heartbeat
  readonly #outbox: Outbox
  /** @internal */
  readonly channels: ChannelTable = new ChannelTable()
  /** @internal */
  readonly lateTimeouts: Set<Push> = new Set()
  /** @internal */
  isDestroyed = false
  #transport: Transport
  /** Set when a connection opens, because it may be text-only; nothing is encoded or decoded before. @internal */
  codec!: Codec
  #lastRef = 0
  #establishedConnections = 0
  #isReporting = false

  /**
   * @param endPoint where the socket is mounted: `wss://example.com/socket`, or `/socket` for the page's own host
   */
  constructor(endPoint: string, options: SocketOptions = {}) {
    super()
    const resolved = (this.options = resolveOptions(options))
    this.#endPoint = new EndPoint(`${endPoint}/websocket`, resolved)
    this.#transport = chooseTransport(resolved)
    this.#connection = new ReconnectingLink<Credentials>(this, resolved)
    this.#heartbeat = new Heartbeat(
      resolved,
      () => this.#sendHeartbeat(),
      () => this.#connection.dropSilent(),
    )
    this.#outbox = new Outbox(resolved, this.#connection, (message, push) => this.#write(message, push))
  }

  /** How long to wait for a reply, in milliseconds. */
  get timeout(): number {
    return this.options.timeout
  }

  /** The status of the connection. */
  get status(): Status {
    return this.#connection.status
  }

  /**
   * Connects, and reconnects whenever the connection is lost. If it is waiting for the next attempt, it makes it at
   * once.
   *
   * @param params deprecated: pass them to the constructor
   * @throws a `RookeryError` with code `destroyed` after {@link Socket.destroy}
   */
  connect(params?: object): void {
    this.expectConnection()
    if (params) {
      console.log("params: make a new Socket")
      this.options.params = params
    }
    this.#connection.connect()
  }

  /** Closes the connection and stays disconnected. Channels join again at the next {@link Socket.connect}. */
  disconnect(callback?: () => void, code?: number, reason?: string): void {
    this.#connection.disconnect(callback, code, reason)
  }

  /**
   * Resolves once connected. Rejects when no further attempt will be made, the timeout expires or the signal is
   * aborted; the `cause` of the error says why the last attempt failed.
   */
  async opened({ timeout, signal }: OpenedOptions = {}): Promise<void> {
    this.expectConnection()
    return this.#connection.opened(timeout, signal)
  }

  /** Ends everything: the connection, every channel, every timer and every listener. Pending pushes reject. */
  destroy(): void {
    this.isDestroyed = true
    for (const channel of this.channels.values()) channel.destroy()
    for (const push of this.lateTimeouts) push.stopTimer()
    this.#outbox.clear()
    this.#connection.abandon()
    this.removeHandlers()
  }

  [Symbol.dispose](): void {
    this.destroy()
  }

  /** Disconnects, waits until the connection is closed, and destroys the socket. */
  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => this.disconnect(resolve))
    this.destroy()
  }

  /**
   * Creates a channel for a topic, without joining it. Params may be a function, which is called at every join and may
   * be async.
   */
  channel<Topic extends TopicOf<T>>(
    topic: Topic,
    ...[params, options]: [...ParamsArgument<ParamsOf<SpecOf<T, Topic>>>, options?: ChannelOptions]
  ): Channel<SpecOf<T, Topic>> {
    return new Channel<SpecOf<T, Topic>>(topic, params, this, options as ChannelOptions | undefined)
  }

  /**
   * Creates a channel, joins it, and resolves with it once the join is answered. If the join is refused, leaves it and
   * rejects.
   */
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

  /**
   * Shares the join of a topic: the first subscription joins it, unless a channel has joined it already, and the end of
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

  /** Sends a heartbeat and calls back with the milliseconds until its answer. Returns `false` if not connected. */
  ping(callback: (rtt: number) => void): boolean {
    const connected = this.isConnected()
    if (connected) this.#heartbeat.ping(callback)
    return connected
  }

  isConnected(): boolean {
    return !!this.#connection.link
  }

  /** The state of the connection, as in phoenix.js. {@link Socket.status} is more precise. */
  connectionState(): "connecting" | "open" | "closing" | "closed" {
    return this.#connection.state
  }

  /** The URL of the websocket. With async params, those of the last attempt. */
  endPointURL(): string {
    return this.#endPoint.url()
  }

  /** `wss` on a page that was loaded over https. */
  protocol(): "ws" | "wss" {
    return location.protocol === "https:" ? "wss" : "ws"
  }

  /** Closes the connection at once; the next {@link Socket.connect} uses this transport. */
  replaceTransport(transport: TransportOption): void {
    this.options.transport = transport
    this.#transport = chooseTransport(this.options)
    this.#connection.abandon()
  }

  /** A long-poll transport, for {@link Socket.replaceTransport}. */
  getLongPollTransport(): Transport {
    return longPoll()
  }

  /**
   * Sends a message as it is, or keeps it for the next connection.
   *
   * @throws a `BufferFullError` if too many messages wait already
   */
  push(message: Omit<Message, "join_ref"> & { join_ref?: Ref }): void {
    this.post({ join_ref: null, ...message })
  }

  /** A ref that this socket has not used yet. */
  makeRef(): string {
    return String(++this.#lastRef)
  }

  log(kind: string, message: string, data?: unknown): void {
    this.options.logger?.(kind, message, data)
  }

  hasLogger(): boolean {
    return !!this.options.logger
  }

  /** @internal */
  expectConnection(): void {
    if (this.isDestroyed) throw new RookeryError("destroyed", "destroyed; create a new Socket")
    this.#connection.remindToConnect()
  }

  /** For compatibility with phoenix.js: routes no more messages to this channel, and does not leave it. */
  remove(channel: { readonly topic: string }): void {
    this.channels.remove(channel)
  }

  /** @internal */
  post(message: Message, push?: Push): void {
    this.#outbox.post(message, push)
  }

  /** Reports an error that no caller can catch: a callback that threw, a frame that cannot be decoded. @internal */
  report(error: unknown): void {
    // A callback of `onError` that throws is not called with its own error, which could loop forever.
    const wasReporting = this.#isReporting
    this.#isReporting = true
    if (wasReporting || !this.onConnError(error)) {
      // In a page, error trackers get it. Deno would end the process, so only a page uses `reportError`.
      const tell = globalThis.window?.reportError ?? console.error
      tell(error)
    }
    this.#isReporting = wasReporting
  }

  /** @internal */
  findTarget(): Credentials | PromiseLike<Credentials> {
    return this.#endPoint.credentials()
  }

  /** @internal */
  open(credentials: Credentials, events: LinkEvents): Link {
    return this.#endPoint.open(this.#transport, credentials, events)
  }

  /** @internal */
  onConnOpen({ textOnly, skipHeartbeat, wantsPing }: LinkTraits): void {
    const { serializer } = this.options
    this.log("transport", `${this.#transport.name} connected to ${this.#endPoint}`)
    this.codec = (textOnly && !serializer.longPoll ? jsonForClient : serializer).client
    this.#establishedConnections++
    this.#outbox.flush()
    if (!skipHeartbeat) this.#heartbeat.start()
    for (const channel of this.channels.values()) channel.onConnOpen()
    this.callHandlers("open")
    if (wantsPing) this.#sendHeartbeat()
  }

  /** @internal */
  onConnMessage(frame: IncomingFrame): void {
    const { decode } = this.options
    const { link } = this.#connection
    try {
      if (decode) {
        decode(frame, (message) => {
          if (this.#connection.link === link) this.#onMessage(message)
        })
      } else {
        this.#onMessage(this.codec.decode(frame))
      }
    } catch (error) {
      this.report(error)
    }
  }

  /** @internal */
  onConnError(error: unknown): boolean {
    this.log("transport", "error", error)
    return this.callHandlers("error", error, this.options.transport, this.#establishedConnections)
  }

  /** @internal */
  onConnDown(reason: DownReason): void {
    this.#heartbeat.stop()
    // A copy: a channel that a handler joins now waits for the next connection, and has not lost this one.
    for (const channel of [...this.channels.values()]) channel.onConnDown(reason)
  }

  /** @internal */
  onConnClose(info: CloseInfo): void {
    this.log("transport", "close", info)
    this.callHandlers("close", info)
  }

  /** @internal */
  onConnStatus(status: Status, change: StatusChange): void {
    this.callHandlers("status", status, change)
  }

  /** @internal */
  onConnSuspect(): void {
    this.#heartbeat.beat(this.options.wakeTimeoutMs)
  }

  #sendHeartbeat(): string {
    const ref = this.makeRef()
    // Not through the outbox: behind a full one, a slow connection would look like a dead one.
    this.#write({ join_ref: null, ref, topic: PHOENIX_TOPIC, event: HEARTBEAT, payload: {} })
    return ref
  }

  /** Encodes a message and sends it over the open connection. */
  #write(message: Message, push?: Push): void {
    const { link } = this.#connection
    const { encode } = this.options
    const { ref } = message
    this.#logMessage("push", message)
    try {
      if (encode) {
        encode(message, (frame) => {
          if (this.#connection.link === link && (!push || push.ref === ref)) link?.send(frame as Frame)
        })
      } else {
        link?.send(this.codec.encode(message))
      }
      if (push) push.writtenRef = ref
    } catch (error) {
      if (push) push.fail(error as Error)
      else this.report(error)
    }
  }

  #logMessage(kind: string, { topic, event, join_ref, ref, payload }: Message): void {
    this.options.logger?.(kind, `${topic} ${event} (${join_ref}, ${ref})`, payload)
  }

  #onMessage(message: Message): void {
    const { topic, ref } = message
    this.#logMessage("receive", message)
    this.channels.get(topic)?.receive(message)
    this.callHandlers("message", message)
    if (topic === PHOENIX_TOPIC) this.#heartbeat.onReply(ref)
  }
}
