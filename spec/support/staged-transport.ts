import {
  json,
  type CloseInfo,
  type LinkEvents,
  type LinkTraits,
  type Message,
  type MessageSerializer,
  type Transport,
} from "rookery"

/** The server's side of a connection: the received messages, and ways to answer. */
export class StagedLine {
  readonly url: string
  readonly received: Message[] = []
  /** The bytes that wait in the transport, as the client sees them. */
  bufferedAmount = 0
  /** Whether the connection looks open but carries nothing any more. */
  isDead = false
  closedByClient: { code: number | undefined; reason: string | undefined } | undefined
  readonly #events: LinkEvents
  readonly #serializer: MessageSerializer
  readonly #answers: boolean

  constructor(url: string, events: LinkEvents, serializer: MessageSerializer, answers: boolean) {
    this.url = url
    this.#events = events
    this.#serializer = serializer
    this.#answers = answers
  }

  /** The received messages of an event. */
  of(event: string): Message[] {
    return this.received.filter((message) => message.event === event)
  }

  last(event: string): Message {
    const message = this.of(event).at(-1)
    if (message === undefined) throw new Error(`no ${event} came`)
    return message
  }

  open(traits?: LinkTraits): void {
    this.#events.open(traits)
  }

  reply(to: Message, status = "ok", response: unknown = {}): void {
    this.send({ ...to, event: "phx_reply", payload: { status, response } })
  }

  send(message: Partial<Message>): void {
    const whole = { join_ref: null, ref: null, topic: "", event: "", payload: {}, ...message }
    this.#events.frame(this.#serializer.server.encode(whole))
  }

  frame(frame: string): void {
    this.#events.frame(frame)
  }

  fail(error: unknown): void {
    this.#events.error(error)
  }

  close(code = 1006, reason = ""): void {
    this.#events.close({ code, reason, wasClean: code !== 1006 } satisfies CloseInfo)
  }

  receive(frame: string | Uint8Array): void {
    const message = this.#serializer.server.decode(frame)
    this.received.push(message)
    if (this.#answers && !this.isDead && ["phx_join", "heartbeat", "phx_leave"].includes(message.event)) {
      queueMicrotask(() => this.reply(message))
    }
  }
}

/** The options of a {@link StagedTransport}. */
export interface StagedOptions {
  /** Opens each connection, and answers joins, leaves and heartbeats. @default true */
  plays?: boolean
  /** @default json() */
  serializer?: MessageSerializer
}

/** A transport whose server is the spec itself. */
export class StagedTransport implements Transport {
  readonly name = "stage"
  readonly lines: StagedLine[] = []
  /** Whether the next connections open and answer by themselves. */
  plays: boolean
  readonly #serializer: MessageSerializer

  constructor({ plays = true, serializer = json() }: StagedOptions = {}) {
    this.plays = plays
    this.#serializer = serializer
  }

  /** The newest connection. */
  get line(): StagedLine {
    const line = this.lines.at(-1)
    if (line === undefined) throw new Error("no client has connected")
    return line
  }

  open: Transport["open"] = (url, _options, events) => {
    const line = new StagedLine(url, events, this.#serializer, this.plays)
    this.lines.push(line)
    if (this.plays) queueMicrotask(() => line.open())
    return {
      get bufferedAmount() {
        return line.bufferedAmount
      },
      send: (frame) => line.receive(frame),
      close: (code, reason) => {
        line.closedByClient = { code, reason }
        queueMicrotask(() => line.close(code ?? 1005, reason))
      },
    }
  }
}
