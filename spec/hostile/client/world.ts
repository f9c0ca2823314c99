import {
  json,
  Socket,
  type Channel,
  type LinkEvents,
  type Message,
  type Push,
  type StatusChange,
  type Transport,
} from "rookery"
import { FakeClock } from "../../support/fake-clock.js"
import { BUFFER, GIVE_UP_AFTER, HEARTBEAT, RECONNECT, REJOIN, TIMEOUT, TOPICS } from "./model.js"

/** The server's side of one connection. */
interface Line {
  readonly events: LinkEvents
  readonly received: Message[]
  /** The ref of the living join of each topic. */
  readonly alive: Map<string, unknown>
  closing: boolean
  over: boolean
}

/** A push, and all of its reported outcomes. */
interface Seen {
  readonly push: Push
  readonly abort: AbortController
  readonly outcomes: string[]
  readonly answers: string[]
}

const codec = json()

/** A real socket with a clock, a transport and a server that the commands control. */
export class World {
  readonly clock = new FakeClock()
  readonly socket: Socket
  readonly lines: Line[] = []
  readonly channels: Channel[]
  readonly pushes: Seen[] = []
  readonly joins: { readonly outcomes: string[] }[] = []
  /** The broken rules, in words. */
  readonly wrongs: string[] = []
  readonly errors: unknown[] = []
  lastChange: StatusChange | undefined
  /** The app's handler of answers. */
  onAnswer: () => void = () => {}
  /** Whether the server leaves heartbeats without an answer. */
  silent = false
  /** Whether the server opens, answers and closes everything at once, as at the end of a run. */
  helpful = false

  constructor() {
    const transport: Transport = { name: "world", open: (_url, _options, events) => this.#open(events) }
    this.socket = new Socket("ws://example.test/socket", {
      transport,
      clock: this.clock,
      timeout: TIMEOUT,
      heartbeatIntervalMs: HEARTBEAT,
      reconnectAfterMs: () => RECONNECT,
      rejoinAfterMs: () => REJOIN,
      maxReconnectAttempts: GIVE_UP_AFTER,
      bufferSize: BUFFER,
      pageEvents: false,
    })
    this.socket.onError((error) => this.errors.push(error))
    this.socket.onStatus((_status, change) => (this.lastChange = change))
    // Two channels share the first topic and take it from each other.
    this.channels = [...TOPICS, TOPICS[0] as string].map((topic) => this.socket.channel(topic))
  }

  /** The newest connection that is neither over nor closing. */
  get line(): Line | undefined {
    return this.lines.findLast(({ over, closing }) => !over && !closing)
  }

  get openLine(): Line | undefined {
    return this.socket.isConnected() ? this.line : undefined
  }

  join(which: number): void {
    const push = (this.channels[which] as Channel).join()
    for (const status of ["ok", "error", "timeout"]) push.receive(status, () => this.onAnswer())
    this.joins.push({ outcomes: this.#watch(push) })
  }

  push(which: number, retry: boolean): void {
    const abort = new AbortController()
    const payload = { id: this.pushes.length }
    const push = (this.channels[which] as Channel).push("e", payload, { retry, signal: abort.signal })
    const answers: string[] = []
    for (const status of ["ok", "error", "timeout", "other"]) {
      push.receive(status, () => {
        answers.push(status)
        this.onAnswer()
      })
    }
    this.pushes.push({ push, abort, outcomes: this.#watch(push), answers })
  }

  /** Ends a connection from the server's side. */
  end(line: Line, code = 1006): void {
    line.over = true
    line.events.close({ code, reason: "", wasClean: code !== 1006 })
  }

  send(message: Partial<Message>): void {
    const whole = { join_ref: null, ref: null, topic: "", event: "", payload: {}, ...message }
    this.openLine?.events.frame(codec.server.encode(whole))
  }

  reply(to: Message, status: string): void {
    const alive = this.openLine?.alive
    if (to.event === "phx_join" && status !== "ok" && alive?.get(to.topic) === to.ref) alive.delete(to.topic)
    this.send({ ...to, event: "phx_reply", payload: { status, response: {} } })
  }

  /** Ends a join from the server's side. */
  endJoin(topic: string, event: string): void {
    const line = this.openLine
    const ref = line?.alive.get(topic)
    if (line === undefined || ref === undefined) return
    line.alive.delete(topic)
    this.send({ topic, event, join_ref: ref as string, ref: ref as string })
  }

  #open(events: LinkEvents): { send(frame: string | Uint8Array): void; close(): void; bufferedAmount: number } {
    const line: Line = { events, received: [], alive: new Map(), closing: false, over: false }
    if (this.lines.some(({ over, closing }) => !over && !closing)) this.wrongs.push("two lines at once")
    this.lines.push(line)
    if (this.helpful) queueMicrotask(() => events.open())
    return {
      send: (frame) => this.#received(line, codec.server.decode(frame)),
      close: () => {
        line.closing = true
        if (this.helpful) queueMicrotask(() => this.end(line, 1000))
      },
      bufferedAmount: 0,
    }
  }

  #received(line: Line, message: Message): void {
    const { topic, event, ref, join_ref } = message
    if (line.over || line.closing) this.wrongs.push(`${event} on a line that is over`)
    line.received.push(message)
    if (event === "heartbeat") {
      if (!this.silent) queueMicrotask(() => this.reply(message, "ok"))
    } else if (event === "phx_join") {
      if (line.alive.has(topic)) this.wrongs.push(`two joins of ${topic}`)
      line.alive.set(topic, ref)
    } else if (event === "phx_leave") {
      if (line.alive.get(topic) === join_ref) line.alive.delete(topic)
    } else if (line.alive.get(topic) !== join_ref) {
      this.wrongs.push(`${event} to ${topic} outside of its join`)
    }
    if (this.helpful && event !== "heartbeat") queueMicrotask(() => this.reply(message, "ok"))
  }

  #watch(push: PromiseLike<unknown>): string[] {
    const outcomes: string[] = []
    push.then(
      () => outcomes.push("ok"),
      (error: { code?: string; status?: string }) => outcomes.push(error.status ?? error.code ?? String(error)),
    )
    return outcomes
  }
}

/** Lets promises settle, without a passing of time. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 12; i++) await Promise.resolve()
}
