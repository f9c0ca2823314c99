import {
  json,
  type CloseInfo,
  type LinkEvents,
  type LinkTraits,
  type Message,
  type MessageSerializer,
  type Transport,
} from "rookery"

/** A connection as the server has it in hand: what came, and what to answer. */
export class StagedLine {
  readonly url: string
  readonly received: Message[] = []
  /** What the client was told waits in its transport. */
  bufferedAmount = 0
  /** The connection looks open and carries nothing any more. */
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

  /** The messages of an event that came. */
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

/** What a {@link StagedTransport} does by itself. */
export interface StagedOptions {
  /** Opens each connection, and answers joins, leaves and heartbeats. @default true */
  plays?: boolean
  /** @default json() */
  serializer?: MessageSerializer
}

/** A transport that leads to the hands of a spec. */
export class StagedTransport implements Transport {
  readonly name = "stage"
  readonly lines: StagedLine[] = []
  /** What the next connections do by themselves. */
  plays: boolean
  readonly #serializer: MessageSerializer

  constructor({ plays = true, serializer = json() }: StagedOptions = {}) {
    this.plays = plays
    this.#serializer = serializer
  }

  /** The newest connection. */
  get line(): StagedLine {
    const line = this.lines.at(-1)
    if (line === undefined) throw new Error("nobody connected")
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
