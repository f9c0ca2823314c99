import { json, Socket, webSocket, type Channel } from "rookery"
import { msgpack } from "rookery/msgpack"
import { Cable, inspectSocket, type MessageReport } from "rookery/panel"
import { DEMO_PATH, type DemoTopics, type Said } from "../topics.js"

/** A message, and whether it came only after the cable was mended. */
export interface Heard extends Said {
  readonly isLate: boolean
}

const KEPT = 200
const SERIALIZERS = { json: json(), msgpack: msgpack() }

/** One of the two clients of the page: a socket, its cable, and what it has heard. */
export class DemoClient {
  readonly name: string
  readonly serializer: "json" | "msgpack"
  readonly cable = new Cable()
  readonly socket: Socket<DemoTopics>
  readonly heard: Heard[] = []
  /** How many messages came, how many were skipped, and how many came again. */
  readonly counts = { heard: 0, missing: 0, twice: 0, late: 0 }
  /** Pushes that have no reply yet. */
  waiting = 0
  offset = 0
  readonly #room: Channel<DemoTopics["demo:*"]>
  readonly #changed: () => void
  #last = 0
  #connectedAt = 0

  constructor(
    options: { name: string; serializer: "json" | "msgpack"; topic: `demo:${string}` },
    tell: (message: MessageReport) => void,
    changed: () => void,
  ) {
    const { name, serializer, topic } = options
    this.name = name
    this.serializer = serializer
    this.#changed = changed
    this.socket = new Socket<DemoTopics>(DEMO_PATH, {
      params: { name },
      serializer: SERIALIZERS[serializer],
      transport: this.cable.over(webSocket()),
    })
    inspectSocket(this.socket, { compare: Object.values(SERIALIZERS) }).listen((report) => {
      if (report.kind !== "message") return
      this.offset = report.offset ?? this.offset
      tell(report)
      changed()
    })
    // The page shows what fails.
    this.socket.onError(() => {})
    this.socket.onStatus((status) => {
      if (status === "connected") this.#connectedAt = Date.now()
      changed()
    })
    this.#room = this.socket.channel(topic, {}, { recover: true })
    this.#room.on("said", (said) => this.#hear(said))
    this.#room.join().receive("ok", changed)
    this.socket.connect()
  }

  get status(): string {
    return this.socket.status
  }

  get isJoined(): boolean {
    return this.#room.state === "joined"
  }

  cut(): void {
    this.cable.cut()
    this.#changed()
  }

  mend(): void {
    this.cable.mend()
    // At once, instead of at the next attempt.
    this.socket.connect()
    this.#changed()
  }

  /** Sends a text; with its cable cut it is sent when the client is back. */
  say(text: string): Promise<void> {
    return this.#push(() => this.#room.push("say", { text }, { retry: true, timeout: 600_000 }))
  }

  /** Has the server send messages. */
  count(messages: number): Promise<void> {
    return this.#push(() => this.#room.push("count", { messages }, { retry: true }))
  }

  async #push(push: () => PromiseLike<unknown>): Promise<void> {
    this.waiting++
    this.#changed()
    try {
      await push()
    } finally {
      this.waiting--
      this.#changed()
    }
  }

  #hear(said: Said): void {
    const { counts } = this
    if (said.n <= this.#last) {
      counts.twice++
      return
    }
    counts.missing += said.n - this.#last - 1
    this.#last = said.n
    counts.heard++
    const isLate = said.at < this.#connectedAt
    if (isLate) counts.late++
    this.heard.push({ ...said, isLate })
    if (this.heard.length > KEPT) this.heard.shift()
    this.#changed()
  }
}
