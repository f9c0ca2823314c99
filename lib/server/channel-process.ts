import type { Loose } from "../protocol/contract.js"
import { RookeryError } from "../protocol/errors.js"
import { PHX_CLOSE, PHX_ERROR, PHX_LEAVE } from "../protocol/events.js"
import type { Message, Ref } from "../protocol/message.js"
import type { PresenceState } from "../protocol/presence.js"
import { Broadcast } from "./broadcast.js"
import type { Channel, StopReason, TerminateReason, TrackOptions } from "./channel.js"
import type { Tracker } from "./presence.js"
import type { Subscriber } from "./pubsub.js"
import { noReply, Refused, StatusReply, type NoReply, type ReplyTo } from "./reply.js"
import type { SocketProcess } from "./socket-process.js"
import type { ChannelRoute } from "./topics.js"
import { validate } from "./validation.js"

interface Waiting {
  readonly message: Message | Broadcast
  readonly bytes: number
  /** It came while the join was not answered yet, so nobody knows whether it belongs to this channel. */
  readonly unchecked: boolean
}

const JOIN_TIMEOUT = Symbol("join timeout")

const isPromise = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === "object" && value !== null && typeof (value as PromiseLike<unknown>).then === "function"

const isShutdown = (reason: StopReason): boolean =>
  reason === "normal" || reason === "shutdown" || typeof reason === "object"

/**
 * One client in one room. It does one thing after the other, as a process of Phoenix would: what comes while a handler
 * is waited for stands in line. As long as handlers return plain values nothing here is asynchronous.
 */
export class ChannelProcess implements Channel, Subscriber, Tracker {
  readonly topic: string
  readonly socket: SocketProcess
  /** What replies and pushes carry. */
  readonly joinRef: Ref
  /** What the client called this join, or null: what its messages are compared with. */
  readonly sentJoinRef: Ref
  /** The channel of the same topic that this join put an end to. */
  replaces: ChannelProcess | undefined
  readonly #route: ChannelRoute
  #params: unknown
  #assigns: Loose
  #status: "joining" | "joined" | "ended" = "joining"
  /** Something of the user's runs, or is waited for. */
  #busy = false
  #draining = false
  #queue: Waiting[] = []
  #current: Ref | undefined
  #stopping: StopReason | undefined
  #abort: AbortController | undefined

  constructor(socket: SocketProcess, route: ChannelRoute, join: Message, replaces: ChannelProcess | undefined) {
    this.socket = socket
    this.topic = join.topic
    this.joinRef = join.join_ref ?? join.ref
    this.sentJoinRef = join.join_ref
    this.replaces = replaces
    this.#route = route
    this.#params = join.payload
  }

  get params(): Loose {
    return this.#params
  }

  get assigns(): Loose {
    return (this.#assigns ??= { ...(this.socket.assigns as object) })
  }

  set assigns(assigns: Loose) {
    this.#assigns = assigns
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController()
    if (this.ended) this.#abort.abort()
    return this.#abort.signal
  }

  get noReply(): NoReply {
    return noReply
  }

  get joining(): boolean {
    return this.#status === "joining"
  }

  get joined(): boolean {
    return this.#status === "joined"
  }

  get ended(): boolean {
    return this.#status === "ended"
  }

  get busy(): boolean {
    return this.#busy
  }

  /** How many messages stand in line. */
  get waiting(): number {
    return this.#queue.length
  }

  /** Asks the channel's `join`, and answers the client. */
  start(message: Message): void {
    const { context, limits } = this.socket
    const started = performance.now()
    const { handlers, schemas } = this.#route
    this.#busy = true
    const ask = (params: unknown): unknown => {
      this.#params = params
      return handlers.join?.({ topic: this.topic, params, socket: this.socket }, this)
    }
    const schema = schemas?.params
    const settle = (answer: () => void): void => {
      clearTimeout(timer)
      if (this.joining) answer()
    }
    let timer: NodeJS.Timeout | undefined
    this.#run(
      () => {
        const params = schema === undefined ? message.payload : validate(schema, message.payload, "params")
        const result = isPromise(params) ? params.then(ask) : ask(params)
        if (isPromise(result) && limits.joinMs !== Infinity) {
          timer = setTimeout(() => {
            context.limitHit("joinMs", this.socket)
            if (this.joining) this.#refuse(message, JOIN_TIMEOUT)
          }, limits.joinMs)
        }
        return result
      },
      (response) => settle(() => this.#admit(message, response, started)),
      (error) => settle(() => this.#refuse(message, error)),
    )
  }

  /** Takes a message of the client, or puts it in line. */
  receive(message: Message, bytes: number): void {
    if (this.ended) return this.socket.release(bytes)
    if (this.#busy) this.#queue.push({ message, bytes, unchecked: this.joining })
    else this.#handle(message)
  }

  /** Takes a broadcast: sends it on, or shows it to `intercept` in its turn. */
  deliver(broadcast: Broadcast): void {
    if (this.#route.intercept === undefined || !this.#route.intercept.has(broadcast.event)) {
      this.socket.deliver(broadcast)
    } else if (this.#busy) {
      this.#queue.push({ message: broadcast, bytes: 0, unchecked: false })
    } else {
      this.#intercept(broadcast)
    }
  }

  push(event: string, payload: unknown): void {
    if (!this.#canSpeak()) return
    this.#attempt(() => {
      this.socket.send({ join_ref: this.joinRef, ref: null, topic: this.topic, event, payload })
    })
  }

  broadcast(event: string, payload: unknown): void {
    this.#publish(event, payload, undefined)
  }

  broadcastFrom(event: string, payload: unknown): void {
    this.#publish(event, payload, this)
  }

  replyTo(): ReplyTo {
    const ref = this.#current
    if (ref === undefined) {
      throw new RookeryError("bad_option", "replyTo() has no push to answer here; call it within the push's handler")
    }
    return (status: string, response: unknown = {}) => {
      if (this.joined) this.#attempt(() => this.socket.reply(this.joinRef, ref, this.topic, status, response))
    }
  }

  stop(reason: StopReason = "normal"): void {
    if (!this.joined || this.#stopping !== undefined) return
    this.#stopping = reason
    if (!this.#busy) this.#stop(reason)
  }

  track(key: string, meta: unknown, options: TrackOptions = {}): void {
    if (this.#canSpeak()) this.socket.context.presence.track(this, key, meta, options.state ?? true)
  }

  update(key: string, meta: unknown): void {
    if (this.joined) this.socket.context.presence.update(this, key, meta)
  }

  untrack(key?: string): void {
    if (this.joined) this.socket.context.presence.untrack(this, key)
  }

  get presences(): PresenceState<Loose> {
    return this.socket.context.presence.list(this.topic) as PresenceState<Loose>
  }

  /** Takes the client out, and tells it that the channel is closed. */
  kick(): void {
    if (this.joined) this.#finish({ kind: "kicked" }, PHX_CLOSE)
  }

  /** Ends without a word to the client: the line is gone, or the topic was joined anew. */
  end(reason: TerminateReason): void {
    const wasJoined = this.joined
    if (this.ended) return
    this.#status = "ended"
    const { context } = this.socket
    for (const { bytes } of this.#queue) this.socket.release(bytes)
    this.#queue = []
    this.#busy = false
    this.#current = undefined
    if (wasJoined) {
      context.pubsub.unsubscribe(this.topic, this)
      context.presence.untrack(this)
      context.counters.rookery_channels--
      const { terminate } = this.#route.handlers
      if (terminate !== undefined) {
        this.#run(
          () => terminate(reason, this),
          () => {},
          (error) => context.failed(error, "terminate", this.topic, this.socket),
        )
      }
      context.emit("channelEnded", { socket: this.socket, topic: this.topic, reason })
    }
    this.#abort?.abort()
  }

  #canSpeak(): boolean {
    if (this.joining) {
      throw new RookeryError("not_joined", `${this.topic} is not joined before its join is answered; use joined()`)
    }
    return this.joined
  }

  #finish(reason: TerminateReason, event: string): void {
    if (this.ended) return
    this.end(reason)
    this.socket.channelEnded(this, event)
  }

  #crash(error: unknown): void {
    if (this.ended) return
    const { context } = this.socket
    context.counters.rookery_channels_crashed_total++
    context.failed(error, "channel", this.topic, this.socket)
    this.#finish({ kind: "crashed", error }, PHX_ERROR)
  }

  #stop(reason: StopReason): void {
    this.#finish({ kind: "stopped", reason }, isShutdown(reason) ? PHX_CLOSE : PHX_ERROR)
  }

  /** What cannot be sent crashes the channel: within a handler by the exception, else right here. */
  #attempt(act: () => void): void {
    if (this.#busy) return act()
    try {
      act()
    } catch (error) {
      this.#crash(error)
    }
  }

  #publish(event: string, payload: unknown, except: ChannelProcess | undefined): void {
    if (!this.#canSpeak()) return
    const { context } = this.socket
    this.#attempt(() => context.publish(new Broadcast(this.topic, event, payload), except, this.socket))
  }

  /** Calls something of the user's: at once, and without a promise unless it makes one itself. */
  #run(call: () => unknown, done: (result: unknown) => void, failed: (error: unknown) => void): void {
    let result: unknown
    try {
      result = call()
    } catch (error) {
      failed(error)
      return
    }
    if (isPromise(result)) this.#wait(result, done, failed)
    else done(result)
  }

  #wait(promise: PromiseLike<unknown>, done: (result: unknown) => void, failed: (error: unknown) => void): void {
    // What fails in here is ours, and a rejection that nobody handles would end the process.
    promise.then(done, failed).then(undefined, (error: unknown) => this.socket.fail(error))
  }

  #admit(message: Message, response: unknown, started: number): void {
    const { socket, topic } = this
    const { context } = socket
    try {
      socket.reply(message.join_ref, message.ref, topic, "ok", response === undefined ? {} : response)
    } catch (error) {
      this.#refuse(message, error)
      return
    }
    this.#status = "joined"
    context.pubsub.subscribe(topic, this)
    context.counters.rookery_channels++
    context.counters.rookery_channels_joined_total++
    socket.joinAnswered(this, true)
    this.replaces = undefined
    context.emit("channelJoined", { socket, topic, durationMs: performance.now() - started })
    const { joined } = this.#route.handlers
    if (joined === undefined) this.#settled()
    else this.#run(() => joined(this), () => this.#settled(), (error) => this.#crash(error))
  }

  #refuse(message: Message, error: unknown): void {
    const { socket, topic } = this
    const refused = error instanceof Refused
    const timeout = error === JOIN_TIMEOUT
    socket.context.counters.rookery_joins_refused_total++
    if (!refused && !timeout) socket.context.failed(error, "join", topic, socket)
    const reason = refused ? "refused" : timeout ? "timeout" : "crashed"
    const response: unknown = refused ? error.response : { reason: timeout ? "join timeout" : "join crashed" }
    const queue = this.#queue
    this.#queue = []
    this.#status = "ended"
    try {
      socket.reply(message.join_ref, message.ref, topic, "error", response)
    } catch {
      socket.reply(message.join_ref, message.ref, topic, "error", { reason: "join crashed" })
    }
    socket.joinAnswered(this, false)
    socket.context.emit("joinRefused", { socket, topic, reason })
    this.#abort?.abort()
    for (const { message: waiting, bytes } of queue) {
      socket.release(bytes)
      if (!(waiting instanceof Broadcast)) socket.redispatch(waiting)
    }
  }

  /** A handler is through: stops if it said so, else takes what stands in line. */
  #settled(): void {
    this.#busy = false
    this.#current = undefined
    if (this.ended) return
    if (this.#stopping !== undefined) return this.#stop(this.#stopping)
    if (this.#queue.length > 0 && !this.#draining) this.#drain()
  }

  #drain(): void {
    this.#draining = true
    let taken = 0
    while (taken < this.#queue.length && !this.#busy && this.joined) {
      const { message, bytes, unchecked } = this.#queue[taken++] as Waiting
      this.socket.release(bytes)
      if (message instanceof Broadcast) this.#intercept(message)
      else if (unchecked) this.socket.redispatch(message)
      else this.#handle(message)
    }
    this.#queue.splice(0, taken)
    this.#draining = false
  }

  #intercept(broadcast: Broadcast): void {
    const handler = this.#route.intercept?.get(broadcast.event)
    this.#busy = true
    this.#run(
      () => handler?.(broadcast.payload, this),
      () => this.#settled(),
      (error) => this.#crash(error),
    )
  }

  #handle(message: Message): void {
    const { event, ref, payload } = message
    if (event === PHX_LEAVE) {
      this.socket.reply(this.joinRef, ref, this.topic, "ok", {})
      this.#finish({ kind: "left" }, PHX_CLOSE)
      return
    }
    const handler = this.#route.receive?.get(event)
    if (handler === undefined) {
      this.#crash(new RookeryError("handler_failed", `no handler takes ${JSON.stringify(event)} on ${this.topic}`))
      return
    }
    const { context } = this.socket
    const started = context.listens("pushHandled") ? performance.now() : 0
    const schema = this.#route.payloads?.get(event)
    this.#current = ref
    this.#busy = true
    let result: unknown
    try {
      const checked = schema === undefined ? payload : validate(schema, payload, "payload")
      result = isPromise(checked) ? checked.then((value) => handler(value, this)) : handler(checked, this)
    } catch (error) {
      return this.#failed(message, error, started)
    }
    if (!isPromise(result)) return this.#answer(message, result, started)
    this.#wait(
      result,
      (value) => this.#answer(message, value, started),
      (error) => this.#failed(message, error, started),
    )
  }

  #failed(message: Message, error: unknown, started: number): void {
    if (error instanceof Refused) this.#answer(message, new StatusReply("error", error.response), started)
    else this.#crash(error)
  }

  #answer(message: Message, result: unknown, started: number): void {
    if (!this.joined) return
    const { socket, topic } = this
    let status: string | undefined
    try {
      if (result instanceof StatusReply) {
        status = String(result.status)
        socket.reply(this.joinRef, message.ref, topic, status, result.response)
      } else if (result !== noReply) {
        status = "ok"
        socket.reply(this.joinRef, message.ref, topic, status, result === undefined ? {} : result)
      }
    } catch (error) {
      return this.#crash(error)
    }
    if (started !== 0) {
      const durationMs = performance.now() - started
      socket.context.emit("pushHandled", { socket, topic, event: message.event, status, durationMs })
    }
    this.#settled()
  }
}
