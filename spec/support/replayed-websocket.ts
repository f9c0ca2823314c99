import { webSocketTo, type FakeWebSocket, type FarEnd, type Frame } from "./fake-websocket.js"
import type { RecordedFrame, Recording } from "./recording.js"
import type { RefPairs } from "./ref-pairs.js"

/** One websocket as the server saw it. */
export interface SeenConnection {
  url: string
  protocols: string | undefined
  /** The end that closed it, and how; absent after a failed handshake. */
  end: { by: string; code: number; reason: string } | undefined
  sent: Frame[]
}

const OPENS_AFTER = 2

/**
 * The server of a recording: its nth websocket ends as the nth recorded one, and it sends each recorded frame once the
 * client has sent the frames before it.
 */
export class ReplayedWebSockets implements FarEnd {
  readonly WebSocket: new (url: string, protocols?: string | string[]) => FakeWebSocket = webSocketTo(this)
  readonly connections: SeenConnection[] = []
  readonly errors: unknown[] = []
  /** The websocket in use. */
  current: FakeWebSocket | undefined
  readonly #recording: Recording
  readonly #refs: RefPairs
  readonly #scripts = new Map<FakeWebSocket, Script>()

  constructor(recording: Recording, refs: RefPairs) {
    this.#recording = recording
    this.#refs = refs
  }

  connected(socket: FakeWebSocket): void {
    const recorded = this.#recording.connections?.[this.connections.length]
    const { pathname, search } = new URL(socket.url)
    const protocols = socket.protocols === undefined ? undefined : [socket.protocols].flat().join()
    const seen: SeenConnection = { url: pathname + search, protocols, end: undefined, sent: [] }
    this.connections.push(seen)
    this.current = socket
    if (recorded?.http.status !== 101) return socket.fail(OPENS_AFTER)
    const frames = (this.#recording.frames ?? []).filter((frame) => frame.conn === recorded.id)
    this.#scripts.set(socket, new Script(socket, seen, frames, this.#refs))
    setTimeout(() => socket.open(), OPENS_AFTER)
  }

  received(socket: FakeWebSocket, frame: Frame): void {
    this.#scripts.get(socket)?.received(frame)
  }

  closed(socket: FakeWebSocket, code: number, reason: string): void {
    this.#scripts.get(socket)?.closed(code, reason)
  }

  uncaught(error: unknown): void {
    this.errors.push(error)
  }
}

/** One websocket's frames in their recorded order: waits for those of the client, and sends those of the server. */
class Script {
  readonly #socket: FakeWebSocket
  readonly #seen: SeenConnection
  readonly #refs: RefPairs
  readonly #left: RecordedFrame[]
  #unmatched: Frame[] = []
  #saying = false
  #lastAt = 0

  constructor(socket: FakeWebSocket, seen: SeenConnection, frames: RecordedFrame[], refs: RefPairs) {
    this.#socket = socket
    this.#seen = seen
    this.#left = [...frames]
    this.#refs = refs
  }

  received(frame: Frame): void {
    this.#seen.sent.push(frame)
    this.#unmatched.push(frame)
    this.#goOn()
  }

  closed(code: number, reason: string): void {
    this.#seen.end = { by: "client", code, reason }
  }

  #goOn(): void {
    while (!this.#saying) {
      const next = this.#left[0]
      if (next === undefined) return
      if (next.dir === "in") {
        this.#saying = true
        setTimeout(() => this.#say(next), Math.max(1, next.t - this.#lastAt))
        return
      }
      const frame = this.#unmatched.shift()
      if (frame === undefined) return
      this.#refs.pair(next.data, frame)
      this.#passed(next)
    }
  }

  #passed(frame: RecordedFrame): void {
    this.#left.shift()
    this.#lastAt = frame.t
  }

  #say(frame: RecordedFrame): void {
    if (this.#seen.end !== undefined) return
    this.#saying = false
    this.#passed(frame)
    if (frame.kind === "close") {
      this.#seen.end = { by: "server", code: frame.code ?? 1005, reason: frame.reason ?? "" }
      this.#socket.closeFromServer(this.#seen.end.code, this.#seen.end.reason)
    } else if (frame.note !== "dropped by the proxy") {
      this.#socket.deliver(this.#refs.translate(frame.data ?? ""))
    }
    this.#goOn()
  }
}
