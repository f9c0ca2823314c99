import { cpuTime } from "../harness/stopwatch.js"

/** V2's array of five, as it goes over the wire. */
export type Tuple = [join_ref: string | null, ref: string | null, topic: string, event: string, payload: unknown]

/** An event that the peer never answers. */
export const UNANSWERED = "unanswered"

// Many enough that the clock costs nothing, few enough that the answers to 10,000 frames are not garbage all at once.
const AT_ONCE = 100

const OPEN = 1
const CLOSED = 3

/** A websocket without a network, in the shape of the platform's. */
class Line {
  binaryType = "arraybuffer"
  readyState = 0
  readonly bufferedAmount = 0
  onopen: ((event: object) => void) | null = null
  onmessage: ((event: { data: string }) => void) | null = null
  onerror: ((event: object) => void) | null = null
  onclose: ((event: object) => void) | null = null
  readonly #peer: Peer

  constructor(peer: Peer) {
    this.#peer = peer
  }

  send(frame: string): void {
    this.#peer.receive(frame)
  }

  close(code = 1000, reason = ""): void {
    if (this.readyState === CLOSED) return
    this.readyState = CLOSED
    setImmediate(() => this.onclose?.({ code, reason, wasClean: true }))
  }
}

const reply = (join_ref: string | null, ref: string | null, topic: string): string =>
  JSON.stringify([join_ref, ref, topic, "phx_reply", { status: "ok", response: {} }] satisfies Tuple)

/** The answer of a server that accepts every join and push. */
function answers([join_ref, ref, topic, event]: Tuple): string[] {
  if (event === "phx_leave") {
    return [reply(join_ref, ref, topic), JSON.stringify([join_ref, join_ref, topic, "phx_close", {}] satisfies Tuple)]
  }
  return [reply(join_ref, ref, topic)]
}

/**
 * The other end of the connection, in the same process and the same for both libraries. Frames are real text both ways.
 * Answers come in the next turn of the event loop, as from a network, and the peer's own time is counted apart.
 */
export class Peer {
  /** A class for the `transport` option. */
  readonly WebSocket: new (url: string) => Line
  /** Nanoseconds that the peer itself computed to read frames and to write answers. */
  busy = 0
  /** The pushes that the peer was asked not to answer. */
  readonly unanswered: Tuple[] = []
  #line: Line | undefined
  #received: string[] = []
  #answered = 0
  #onOpened = (): void => {}
  #onAnswered = (): void => {}

  constructor() {
    const accept = (line: Line): void => this.#accept(line)
    // A library makes its websocket with `new`; this subclass hands it to the peer of this benchmark alone.
    this.WebSocket = class extends Line {
      constructor() {
        super(peer)
        accept(this)
      }
    }
    const peer: Peer = this
  }

  /** Resolves when the next connection is open. */
  opened(): Promise<void> {
    return new Promise((resolve) => (this.#onOpened = resolve))
  }

  /** Resolves when this many frames were answered since the last call. */
  answered(count: number): Promise<void> {
    return new Promise((resolve) => {
      this.#onAnswered = () => {
        if (this.#answered < count) return
        this.#answered -= count
        this.#onAnswered = () => {}
        resolve()
      }
      this.#onAnswered()
    })
  }

  /** Hands a frame to the client. */
  deliver(data: string): void {
    this.#line?.onmessage?.({ data })
  }

  /** Ends the connection without a close frame. */
  drop(): void {
    const line = this.#line
    if (line === undefined) return
    line.readyState = CLOSED
    line.onclose?.({ code: 1006, reason: "", wasClean: false })
  }

  /** Called by the websocket. */
  receive(frame: string): void {
    if (this.#received.push(frame) === 1) setImmediate(() => this.#answer())
  }

  #accept(line: Line): void {
    this.#line = line
    setImmediate(() => {
      line.readyState = OPEN
      line.onopen?.({})
      this.#onOpened()
    })
  }

  #answer(): void {
    const received = this.#received
    this.#received = []
    for (let at = 0; at < received.length; at += AT_ONCE) {
      const started = cpuTime()
      const frames = this.#framesFor(received.slice(at, at + AT_ONCE))
      this.busy += cpuTime() - started
      for (const frame of frames) this.deliver(frame)
    }
    this.#answered += received.length
    this.#onAnswered()
  }

  #framesFor(received: readonly string[]): string[] {
    const frames: string[] = []
    for (const frame of received) {
      const message = JSON.parse(frame) as Tuple
      if (message[3] === UNANSWERED) this.unanswered.push(message)
      else frames.push(...answers(message))
    }
    return frames
  }
}
