import type { Loose } from "../protocol/contract.js"
import { RookeryError } from "../protocol/errors.js"
import { PHX_CLOSE, PHX_ERROR, PHX_LEAVE } from "../protocol/events.js"
import type { Message, Ref } from "../protocol/message.js"
import type { PresenceState } from "../protocol/presence.js"
import { Broadcast } from "./broadcast.js"
import { ChannelQueue } from "./channel-queue.js"
import { isShutdown, type Channel, type StopReason, type TerminateReason, type TrackOptions } from "./channel.js"
import { askToJoin, JOIN_TIMEOUT } from "./join.js"
import type { Tracker } from "./presence.js"
import type { Subscriber } from "./pubsub.js"
import { isPromise, run, wait, type Outcome } from "./run.js"
import { noReply, Refused, StatusReply, type NoReply, type ReplyTo } from "./reply.js"
import type { SocketProcess } from "./socket-process.js"
import type { ChannelRoute } from "./topics.js"
import { validate } from "./validation.js"

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
  readonly #queue = new ChannelQueue()
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
    askToJoin({
      params: message.payload,
      schema: schemas?.params,
      timeoutMs: limits.joinMs,
      ask: (params) => {
        this.#params = params
        return handlers.join?.({ topic: this.topic, params, socket: this.socket }, this)
      },
      ...this.#outcome(
        (response) => this.#admit(message, response, started),
        (error) => {
          if (error === JOIN_TIMEOUT) context.limitHit("joinMs", this.socket)
          this.#refuse(message, error)
        },
      ),
    })
  }

  /** Takes a message of the client, or puts it in line. */
  receive(message: Message, bytes: number): void {
    if (this.ended) return this.socket.release(bytes)
    if (this.#busy) this.#queue.add(message, bytes, this.joining)
    else this.#handle(message)
  }

  /** Takes a broadcast: sends it on, or shows it to `intercept` in its turn. */
  deliver(broadcast: Broadcast): void {
    if (this.#route.intercept === undefined || !this.#route.intercept.has(broadcast.event)) {
      this.socket.deliver(broadcast)
    } else if (this.#busy) {
      this.#queue.add(broadcast, 0, false)
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
    this.socket.release(this.#queue.clear())
    this.#busy = false
    this.#current = undefined
    if (wasJoined) {
      context.pubsub.unsubscribe(this.topic, this)
      context.presence.untrack(this)
      context.counters.rookery_channels--
      const { terminate } = this.#route.handlers
      if (terminate !== undefined) {
        const failed = (error: unknown): void => context.failed(error, "terminate", this.topic, this.socket)
        run(() => terminate(reason, this), { done: () => {}, failed, broken: failed })
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

  /** What runs next, whether it went well or not; a fault of ours ends the line. */
  #outcome(done: (result: unknown) => void, failed: (error: unknown) => void): Outcome {
    return { done, failed, broken: (error) => this.socket.fail(error) }
  }

  #next(): Outcome {
    return this.#outcome(
      () => this.#settled(),
      (error) => this.#crash(error),
    )
  }

  #admit(message: Message, response: unknown, started: number): void {
    if (!this.joining) return
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
    else run(() => joined(this), this.#next())
  }

  #refuse(message: Message, error: unknown): void {
    if (!this.joining) return
    const { socket, topic } = this
    const refused = error instanceof Refused
    const timeout = error === JOIN_TIMEOUT
    socket.context.counters.rookery_joins_refused_total++
    if (!refused && !timeout) socket.context.failed(error, "join", topic, socket)
    const reason = refused ? "refused" : timeout ? "timeout" : "crashed"
    const response: unknown = refused ? error.response : { reason: timeout ? "join timeout" : "join crashed" }
    this.#status = "ended"
    this.#busy = false
    try {
      socket.reply(message.join_ref, message.ref, topic, "error", response)
    } catch {
      socket.reply(message.join_ref, message.ref, topic, "error", { reason: "join crashed" })
    }
    socket.joinAnswered(this, false)
    socket.context.emit("joinRefused", { socket, topic, reason })
    this.#abort?.abort()
    this.#drain()
  }

  /** A handler is through: stops if it said so, else takes what stands in line. */
  #settled(): void {
    this.#busy = false
    this.#current = undefined
    if (this.ended) return
    if (this.#stopping !== undefined) return this.#stop(this.#stopping)
    if (this.#queue.length > 0) this.#drain()
  }

  #drain(): void {
    this.#queue.drain(
      () => this.#busy,
      ({ message, bytes, unchecked }) => {
        this.socket.release(bytes)
        // What came before the join was answered may be for whoever has the topic by now.
        if (unchecked) this.socket.redispatch(message as Message)
        else if (this.ended) return
        else if (message instanceof Broadcast) this.#intercept(message)
        else this.#handle(message)
      },
    )
  }

  #intercept(broadcast: Broadcast): void {
    const handler = this.#route.intercept?.get(broadcast.event)
    this.#busy = true
    run(() => handler?.(broadcast.payload, this), this.#next())
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
    wait(
      result,
      this.#outcome(
        (value) => this.#answer(message, value, started),
        (error) => this.#failed(message, error, started),
      ),
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
