import { binaryReply, readBinaryPush } from "./binary-v2.js"
import type { CallLog } from "./call-log.js"
import { webSocketTo, type FakeWebSocket, type FarEnd, type Frame } from "./fake-websocket.js"
import type { Parts } from "./ref-pairs.js"

/** A connection to a client. */
interface Line {
  deliver(frame: Frame): void
}

type Reply = [status: string, response: unknown]

/** The app's replies to joins, by topic; it accepts every other topic of a room. */
const JOINS: Record<string, Reply> = {
  "room:denied": ["error", { reason: "unauthorized" }],
  "room:odd": ["busy", { retry: 1 }],
}

const ANSWERS_AFTER = 1

/**
 * A server that answers as Phoenix would, over a network that only exists in the test. The events of its rooms do what
 * their names say. It notes every attempt to connect, every frame and every close of its client.
 */
export class ReferenceApp implements FarEnd {
  readonly WebSocket: new (url: string, protocols?: string | string[]) => FakeWebSocket = webSocketTo(this)
  readonly sockets: FakeWebSocket[] = []
  /** How many of the next handshakes fail. */
  refuses = 0
  /** Whether it takes frames and answers none. */
  silent = false
  /** Joins are refused while this is set. */
  gateClosed = false
  readonly #log: CallLog
  readonly #joinRefs = new Map<string, string | null>()
  /** The joins whose channels have ended, so that their pushes are ignored. */
  readonly #ended = new Set<string | null>()
  /** The connection of the client's newest frame. */
  #line: Line | undefined

  constructor(log: CallLog) {
    this.#log = log
  }

  /** The websocket of the latest attempt. */
  get socket(): FakeWebSocket {
    const socket = this.sockets.at(-1)
    if (socket === undefined) throw new Error("nobody has connected yet")
    return socket
  }

  connected(socket: FakeWebSocket): void {
    this.sockets.push(socket)
    this.#line = socket
    this.#log.note(`connect ${socket.url}`, ...[socket.protocols ?? []].flat())
    if (this.refuses-- > 0) return socket.fail(ANSWERS_AFTER)
    this.refuses = 0
    setTimeout(() => socket.open(), ANSWERS_AFTER)
  }

  received(line: Line, frame: Frame): void {
    this.#line = line
    const parts = typeof frame === "string" ? textParts(frame) : readBinaryPush(frame)
    if (parts === undefined) return this.#log.note("->", frame)
    const [joinRef, ref, topic, event, payload] = parts
    this.#log.note("->", joinRef, ref, topic, event, payload)
    if (!this.silent) setTimeout(() => this.#answer(parts), ANSWERS_AFTER)
  }

  closed(_socket: FakeWebSocket, code: number, reason: string): void {
    this.#log.note(`closes ${code}`, reason)
  }

  uncaught(error: unknown): void {
    this.#log.note("uncaught", error)
  }

  /** The join_ref under which a topic is joined. */
  joinRef(topic: string): string {
    return this.#joinRefs.get(topic) ?? ""
  }

  say(...parts: Parts): void {
    this.#deliver(JSON.stringify(parts))
  }

  /** Pushes to the only client. */
  push(topic: string, event: string, payload: unknown = {}): void {
    this.say(this.joinRef(topic), null, topic, event, payload)
  }

  /** Broadcasts to all clients of the topic. */
  broadcast(topic: string, event: string, payload: unknown = {}): void {
    this.say(null, null, topic, event, payload)
  }

  #deliver(frame: Frame): void {
    this.#line?.deliver(frame)
  }

  #answer([joinRef, ref, topic, event, payload]: Parts): void {
    const reply = (status: string, response: unknown = {}): void =>
      response instanceof ArrayBuffer
        ? this.#deliver(binaryReply(joinRef ?? "", ref ?? "", topic, status, response))
        : this.say(joinRef, ref, topic, "phx_reply", { status, response })
    if (this.#ended.has(joinRef)) return
    switch (event) {
      case "heartbeat":
        return reply("ok")
      case "phx_join":
        if (!/^(room|presence):/.test(topic)) {
          return this.say(null, ref, topic, "phx_reply", { status: "error", response: { reason: "unmatched topic" } })
        }
        if (this.gateClosed) return reply("error", { reason: "gate" })
        this.#joinRefs.set(topic, joinRef)
        return reply(...(JOINS[topic] ?? ["ok", { topic, params: payload }]))
      case "phx_leave":
        reply("ok")
        return this.say(joinRef, joinRef, topic, "phx_close", {})
      case "echo":
        return reply("ok", payload)
      case "fail":
        return reply("error", { reason: "nope" })
      case "busy":
        return reply("busy", { retry: 1 })
      case "two_replies":
        reply("ok", { n: 1 })
        return reply("ok", { n: 2 })
      case "shout":
        this.broadcast(topic, "shout", payload)
        return reply("ok")
      case "crash":
        this.#ended.add(joinRef)
        return this.say(joinRef, joinRef, topic, "phx_error", { reason: "channel_crash" })
      case "stop":
        this.#ended.add(joinRef)
        return this.say(joinRef, joinRef, topic, "phx_close", {})
      case "disconnect_me":
        return this.socket.closeFromServer(1001)
    }
  }
}

function textParts(frame: string): Parts | undefined {
  try {
    const parts: unknown = JSON.parse(frame)
    return Array.isArray(parts) ? (parts as Parts) : undefined
  } catch {
    return undefined
  }
}
