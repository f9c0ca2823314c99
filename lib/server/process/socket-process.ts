import type { Loose } from "../../protocol/contract.js"
import { GOING_AWAY, INTERNAL_ERROR, TOO_BIG, TRY_AGAIN_LATER } from "../../protocol/close-codes.js"
import {
  HEARTBEAT,
  PHOENIX_TOPIC,
  PHX_CLOSE,
  PHX_JOIN,
  PHX_LEAVE,
  PHX_RENEW,
  PHX_REPLY,
} from "../../protocol/events.js"
import type { SerializerError } from "../../protocol/errors.js"
import type { LimitName } from "../../protocol/limits.js"
import type { Message, Ref } from "../../protocol/message.js"
import { weigh } from "../../protocol/weight.js"
import { assertLight } from "../../serializer/json-weight.js"
import { ownBytes } from "../../serializer/own-bytes.js"
import type { IncomingFrame, Serializer } from "../../serializer/serializer.js"
import type { Broadcast } from "../pubsub/broadcast.js"
import { ChannelProcess } from "./channel-process.js"
import type { ChannelHost, HostedChannel } from "./channel-host.js"
import type { ChannelQueue } from "./channel-queue.js"
import type { SocketClient } from "./client-table.js"
import { RenewalProcess } from "./renewal-process.js"
import { isSameTerm } from "../support/same-term.js"
import { KeptBytes, type KeptFor, type Receipt } from "../limits/kept-bytes.js"
import type { ServerLink, SocketEnd } from "../api/server-link.js"
import type { SocketServices } from "./services.js"
import type { ConnectedChannel, ServerSocket, TransportName } from "../api/socket.js"
import type { SocketLimits } from "../api/socket-limits.js"
import type { SocketSetup } from "../admission/socket-setup.js"
import type { Telemetry } from "../telemetry/telemetry.js"
import { TokenBucket } from "../limits/token-bucket.js"
import { isPrintableTopic } from "./channel-routes.js"
import { carriesBytesWithin } from "./carries-bytes.js"
import { isLongerThan } from "../support/is-longer-than.js"

/** The reason that a client is told when its join exceeds a limit. */
const JOIN_LIMITS = {
  channels: "too many channels joined",
  joinBytes: "join params too large",
  joinsPerSecond: "too many joins",
  topicBytes: "topic too long",
} as const

/** The most bytes of memory that one byte of a decoded frame takes, given the checks that the codec does first. */
const HEAVIEST = 64
/** Pushes up to this many bytes are handled even if the endpoint holds as many bytes as it may. */
const SMALL_PUSH = 1024

// Phoenix compares join_refs as terms, so one may even be a map. All known clients send text, which `===` compares.
const sameRef = (a: Ref, b: Ref): boolean =>
  a === b || (typeof a === "object" && typeof b === "object" && isSameTerm(a, b))

/** Whether a ref is longer than the limit. It is limited because each reply repeats it. */
function isLongRef(ref: Ref, max: number): boolean {
  if (typeof ref === "string") return ref.length > max
  return typeof ref === "object" && ref !== null && weigh(ref, max) > max
}

/** One client: decodes its frames and dispatches each message to its channel. */
export class SocketProcess implements SocketEnd, SocketClient, ChannelHost, KeptFor {
  readonly id: string | null
  readonly assigns: Loose
  readonly limits: SocketLimits
  readonly #services: SocketServices
  readonly #telemetry: Telemetry
  readonly #serializer: Serializer
  readonly #link: ServerLink
  readonly #channels = new Map<unknown, ChannelProcess>()
  #bucket: TokenBucket | undefined
  #joins: TokenBucket | undefined
  readonly #kept: KeptBytes
  readonly #renewal: RenewalProcess | undefined
  #open = true
  #sentAway = false

  constructor(services: SocketServices, link: ServerLink, setup: SocketSetup) {
    this.#services = services
    this.#telemetry = services.telemetry
    this.#link = link
    this.id = setup.id
    this.assigns = setup.assigns
    this.limits = setup.limits
    this.#serializer = setup.serializer
    this.#kept = new KeptBytes(services.held, this)
    if (setup.renew !== undefined) this.#renewal = new RenewalProcess(this, services, setup.renew)
    if (setup.expiresAt !== undefined) services.expiries.set(this, setup.expiresAt)
    services.clients.opened(this, services.runtime.clock.now() - setup.startedAt)
  }

  get socket(): ServerSocket {
    return this
  }

  get transport(): TransportName {
    return this.#link.transport
  }

  get address(): string | undefined {
    return this.#link.address
  }

  get connected(): boolean {
    return this.#open
  }

  get sentAway(): boolean {
    return this.#sentAway
  }

  get carriesBytesWithin(): boolean {
    return carriesBytesWithin(this.#serializer)
  }

  /** Whether a channel runs or awaits a handler, or is about to, so that the client still waits for replies. */
  get busy(): boolean {
    for (const channel of this.#channels.values()) if (channel.busy) return true
    return false
  }

  disconnect(): void {
    this.close(GOING_AWAY)
  }

  channels(): ConnectedChannel[] {
    const live = [...this.#channels.values()].filter((channel) => !channel.ended)
    return live.map(({ topic, joined, waiting }) => ({ topic, joined, waiting }))
  }

  kick(topic: string): void {
    this.#channels.get(topic)?.kick()
  }

  /** Closes the connection. */
  close(code: number): void {
    if (!this.#open) return
    this.#sentAway = code === GOING_AWAY
    this.#link.close(code)
    this.closed(code)
  }

  giveUp(): void {
    this.#telemetry.limitHit("heldBytes", this)
    this.close(TRY_AGAIN_LATER)
  }

  /** The connection has ended. */
  closed(code: number): void {
    if (!this.#open) return
    this.#open = false
    const channels = [...this.#channels.values()]
    this.#channels.clear()
    for (const channel of channels) channel.end({ kind: "closed", code })
    this.#kept.end()
    this.#services.expiries.delete(this)
    this.#services.clients.closed(this, code)
  }

  receive(frame: IncomingFrame): void {
    this.#receive(frame, false)
  }

  tryReceive(frame: IncomingFrame): boolean {
    return this.#receive(frame, true)
  }

  limitHit(limit: LimitName): void {
    this.#telemetry.limitHit(limit, this)
  }

  /**
   * Handles a frame; `false` if it cannot be decoded, which closes the connection unless the caller answers the frame.
   */
  #receive(frame: IncomingFrame, told: boolean): boolean {
    if (!this.#open) return false
    const bytes = typeof frame === "string" ? frame.length : frame.byteLength
    const { counters } = this.#telemetry
    counters.rookery_frames_received_total++
    counters.rookery_bytes_received_total += bytes
    const { messageWeight, refBytes } = this.limits
    let message: Message
    try {
      message = this.#serializer.server.decode(frame, messageWeight, assertLight)
    } catch (error) {
      const isTooHeavy = (error as Partial<SerializerError>).code === "too_heavy"
      return this.#reject(told, isTooHeavy ? "messageWeight" : undefined)
    }
    if (isLongRef(message.ref, refBytes) || isLongRef(message.join_ref, refBytes)) return this.#reject(told, "refBytes")
    if (bytes * HEAVIEST > messageWeight && this.#weigh(message) > messageWeight)
      return this.#reject(told, "messageWeight")
    if (this.#telemetry.passing) this.#tell("in", message)
    this.#guard(message, bytes)
    return true
  }

  /** Sends a message. Throws a `SerializerError` if it cannot be encoded. */
  send(message: Message): void {
    if (!this.#open) return
    const frame = this.#serializer.server.encode(message)
    if (this.#telemetry.passing) this.#tell("out", message)
    this.#link.send(frame)
  }

  reply(join_ref: Ref, ref: Ref, topic: string, status: string, response: unknown): void {
    this.send({ join_ref, ref, topic, event: PHX_REPLY, payload: { status, response } })
  }

  /**
   * Sends a broadcast to the client, `numbered` with its offset; `false` if it was dropped because the client is slow.
   */
  deliver(broadcast: Broadcast, numbered: boolean): boolean {
    if (!this.#open) return true
    const { counters } = this.#telemetry
    const encoded = broadcast.encoded(this.#serializer, numbered)
    if (this.#link.broadcast(encoded)) {
      counters.rookery_broadcast_deliveries_total++
      return true
    }
    counters.rookery_broadcast_deliveries_dropped_total++
    return encoded.error !== undefined
  }

  /** The error of this socket's serializer, if it could not encode a broadcast. */
  failure(broadcast: Broadcast): unknown {
    return broadcast.failures().find((encoded) => encoded.serializer === this.#serializer)?.error
  }

  /** Counts a push that has to wait; `undefined` if there is no room for it. */
  reserve(message: Message): Receipt | undefined {
    this.#own(message)
    const weight = this.#weigh(message)
    return this.#kept.pushes + weight > this.limits.pendingBytes ? undefined : this.#kept.keep("push", weight)
  }

  /** Counts a push whose handler is awaited. */
  keepPush(message: Message): Receipt {
    return this.#kept.keep("push", this.#weigh(message))
  }

  /**
   * Counts a broadcast that has to wait for `intercept`. If too many bytes wait, the client counts as slow: its
   * connection is closed or the broadcast is dropped, by the option `slowClient`.
   */
  reserveBroadcast(broadcast: Broadcast): Receipt | undefined {
    const { queuedBytes, slowClient } = this.limits
    const { weight } = broadcast
    if (this.#kept.broadcasts + weight <= queuedBytes)
      return this.#kept.keep(broadcast.claim() ? "ownBroadcast" : "broadcast", weight)
    this.#telemetry.counters.rookery_broadcast_deliveries_dropped_total++
    this.#telemetry.limitHit("queuedBytes", this)
    if (slowClient === "close") this.close(TRY_AGAIN_LATER)
    return undefined
  }

  successorOf(channel: HostedChannel): ChannelQueue | undefined {
    const current = this.#channels.get(channel.topic)
    return current === channel ? undefined : current?.queue
  }

  /** Dispatches a message again that had to wait until a join was answered. */
  redispatch(message: Message): void {
    if (this.#open) this.#guard(message, 0)
  }

  /** A join was answered: now the client receives `phx_close` for the earlier channel of the topic. */
  joinAnswered(channel: HostedChannel, joined: boolean): void {
    if (!joined && this.#channels.get(channel.topic) === channel) this.#channels.delete(channel.topic)
    if (channel.replaces !== undefined) this.#end(channel.replaces, PHX_CLOSE)
  }

  /**
   * A channel has ended, but not by a new join. It stays in the table for two more turns, as long as a process takes to
   * end in Phoenix: pushes that the client has already sent are dropped, and a join that it has already sent is
   * answered before the client is told of the end.
   */
  channelEnded(channel: HostedChannel, event: string): void {
    const { runtime } = this.#services
    runtime.atEndOfTurn(() => {
      runtime.atEndOfTurn(() => {
        if (this.#channels.get(channel.topic) !== channel) return
        this.#channels.delete(channel.topic)
        this.#end(channel, event)
      })
    })
  }

  /** Code of the endpoint failed: reports the error and closes this connection only. */
  fail(error: unknown): void {
    this.#telemetry.failed(error, "socket", undefined, this)
    this.close(INTERNAL_ERROR)
  }

  /** Tells the listeners of `message`. */
  #tell(direction: "in" | "out", { topic, event, ref, join_ref, payload }: Message): void {
    const message = { direction, socket: this, topic, event, ref, joinRef: join_ref, payload, recipients: undefined }
    this.#telemetry.emit("message", message)
  }

  #end(channel: HostedChannel, event: string): void {
    const { sentJoinRef, topic } = channel
    const payload = event === PHX_CLOSE ? {} : { reason: "channel_crash" }
    try {
      this.send({ join_ref: sentJoinRef, ref: sentJoinRef, topic, event, payload })
    } catch (error) {
      this.fail(error)
    }
  }

  /** Refuses a frame: closes the connection, unless the caller tells the client. */
  #reject(told: boolean, limit?: "messageWeight" | "refBytes"): false {
    this.#telemetry.counters.rookery_frames_rejected_total++
    if (limit !== undefined) this.#telemetry.limitHit(limit, this)
    else this.#logUnreadable()
    if (!told) this.close(limit === undefined ? INTERNAL_ERROR : TOO_BIG)
    return false
  }

  /** A client that sends what its version does not know is disconnected, comes back, and sends it again: for ever. */
  #logUnreadable(): void {
    const { id, address } = this
    const message = `a frame could not be decoded; does the client send what the serializer of version ${this.#serializer.vsn} reads?`
    this.#telemetry.log("warn", message, { socket: id, address })
  }

  /**
   * Copies the bytes of a message that is kept, so that it does not keep its whole packet in memory. Text needs no
   * copy.
   */
  #own(message: Message): void {
    if (message.payload instanceof Uint8Array || this.#serializer.server.weigh !== undefined) ownBytes(message)
  }

  #weigh(message: Message): number {
    const { server } = this.#serializer
    const { messageWeight } = this.limits
    return server.weigh?.(message, messageWeight, weigh) ?? weigh(message, messageWeight)
  }

  #guard(message: Message, bytes: number): void {
    try {
      this.#dispatch(message, bytes)
    } catch (error) {
      this.fail(error)
    }
  }

  #dispatch(message: Message, bytes: number): void {
    const { topic, event, ref, join_ref } = message
    const channel = this.#channels.get(topic)
    if (channel !== undefined) {
      if (channel.deciding) this.#hold(channel, message)
      else if (event === PHX_JOIN) this.#join(message, channel)
      else if (join_ref === null || sameRef(join_ref, channel.joinRef)) this.#push(channel, message, bytes)
      // Any other message is for an earlier channel, whose end the client has not received yet.
      return
    }
    if (topic === PHOENIX_TOPIC && event === HEARTBEAT) return this.reply(null, ref, topic, "ok", {})
    if (topic === PHOENIX_TOPIC && event === PHX_RENEW && this.#renewal !== undefined) {
      const isAllowed = this.#takeJoin()
      if (!isAllowed) this.limitHit("joinsPerSecond")
      return this.#renewal.receive(message, isAllowed)
    }
    if (event === PHX_JOIN) return this.#join(message, undefined)
    if (event === PHX_LEAVE) return this.reply(join_ref, ref, topic, "ok", {})
    this.#unmatched(message)
  }

  #unmatched({ ref, topic }: Message): void {
    this.reply(null, ref, topic, "error", { reason: "unmatched topic" })
  }

  #push(channel: ChannelProcess, message: Message, bytes: number): void {
    if (message.event !== PHX_LEAVE) {
      this.#telemetry.counters.rookery_pushes_total++
      const { pushesPerSecond, pushBurst } = this.limits
      if (pushesPerSecond !== Infinity) {
        this.#bucket ??= new TokenBucket(pushesPerSecond, pushBurst)
        if (!this.#bucket.take()) return this.#overLimit("pushesPerSecond", channel, message)
      }
    }
    if (message.event === PHX_LEAVE) return channel.receive(message, undefined)
    if (channel.busy) return this.#hold(channel, message)
    // The push itself is weighed only if its handler is awaited; weighing every push would cost more.
    if (this.#kept.pushes >= this.limits.pendingBytes) return this.#overLimit("pendingBytes", channel, message)
    if (bytes > SMALL_PUSH && this.#services.held.isFull) return this.#overLimit("heldBytes", channel, message)
    channel.receive(message, undefined)
  }

  #hold(channel: ChannelProcess, message: Message): void {
    if (channel.waiting >= this.limits.pendingPushes) return this.#overLimit("pendingPushes", channel, message)
    const receipt = this.reserve(message)
    if (receipt === undefined) return this.#overLimit("pendingBytes", channel, message)
    channel.receive(message, receipt)
  }

  #overLimit(
    limit: "pushesPerSecond" | "pendingPushes" | "pendingBytes" | "heldBytes",
    channel: ChannelProcess,
    message: Message,
  ): void {
    this.#telemetry.limitHit(limit, this)
    this.reply(channel.joinRef, message.ref, channel.topic, "error", { reason: "too many pushes" })
  }

  #join(message: Message, current: ChannelProcess | undefined): void {
    const { topic, ref, join_ref } = message
    if (current !== undefined) {
      this.#channels.delete(topic)
      current.end({ kind: "duplicate_join" })
      // `terminate` may close the connection.
      if (!this.#open) return
    }
    const route = this.#services.routes.find(topic)
    if (route === undefined) {
      if (!isPrintableTopic(topic)) return void this.#reject(false)
      this.#telemetry.counters.rookery_joins_refused_total++
      this.#telemetry.emit("joinRefused", { socket: this, topic, reason: "unmatched", durationMs: 0 })
      return this.#unmatched(message)
    }
    this.#own(message)
    const weight = this.#weigh(message)
    const limit = this.#joinLimit(topic, weight)
    if (limit !== undefined) {
      this.#telemetry.counters.rookery_joins_refused_total++
      this.#telemetry.limitHit(limit, this)
      this.#telemetry.emit("joinRefused", { socket: this, topic, reason: "limit", durationMs: 0 })
      this.reply(join_ref, ref, topic, "error", { reason: JOIN_LIMITS[limit] })
      if (current !== undefined) this.#end(current, PHX_CLOSE)
      return
    }
    const channel = new ChannelProcess(this, this.#services, route, message, this.#kept.keep("join", weight), current)
    this.#channels.set(topic, channel)
    channel.start()
  }

  #joinLimit(topic: string, weight: number): keyof typeof JOIN_LIMITS | undefined {
    const { joinBytes, topicBytes } = this.limits
    if (!this.#takeJoin()) return "joinsPerSecond"
    if (isLongerThan(topic, topicBytes)) return "topicBytes"
    if (this.#isFull()) return "channels"
    return this.#kept.joins + weight > joinBytes ? "joinBytes" : undefined
  }

  /** Counts a join, or a renewal, which asks the application as a join does. */
  #takeJoin(): boolean {
    const { joinsPerSecond, joinBurst } = this.limits
    if (joinsPerSecond === Infinity) return true
    this.#joins ??= new TokenBucket(joinsPerSecond, joinBurst)
    return this.#joins.take()
  }

  #isFull(): boolean {
    const { channels } = this.limits
    if (this.#channels.size < channels) return false
    let live = 0
    for (const channel of this.#channels.values()) if (!channel.ended) live++
    return live >= channels
  }
}
