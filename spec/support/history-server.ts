import type { Message } from "rookery"
import { idOfRef } from "../../lib/protocol/push-id.js"
import { RECOVER, type Position, type RecoverRequest, type RecoverResponse } from "../../lib/protocol/recovery.js"
import type { StagedLine, StagedTransport } from "./staged-transport.js"

const TOPIC = "room:1"

/** A server of one topic with a history, written from docs/PROTOCOL.md alone. The spec decides its behaviour. */
export class HistoryServer {
  /** While this is set, incoming messages wait. */
  slow = false
  /** The connection is lost after this many more messages of the server. */
  linesLast = Infinity
  /** How often the handler of a push was called. */
  handled = 0
  epoch = "1"
  readonly #stage: StagedTransport
  readonly #size: number
  readonly #answers = new Map<string, unknown>()
  readonly #seen = new Map<StagedLine, number>()
  #member: { line: StagedLine; ref: Message["ref"] } | undefined
  #oldest = 1
  #log: unknown[] = []

  constructor(stage: StagedTransport, size = Infinity) {
    this.#stage = stage
    stage.plays = false
    this.#size = size
  }

  get position(): Position {
    return { epoch: this.epoch, offset: this.#oldest + this.#log.length - 1 }
  }

  publish(payload: unknown): void {
    this.#log.push(payload)
    if (this.#log.length > this.#size) {
      this.#log.shift()
      this.#oldest++
    }
    this.#broadcast(payload, this.position.offset)
  }

  /** Sends the newest message again. */
  repeat(): void {
    if (this.#log.length > 0) this.#broadcast(this.#log.at(-1), this.position.offset)
  }

  /** Forgets the numbered messages, as a new process would. */
  restart(): void {
    this.cut()
    this.epoch += "1"
    this.#log = []
    this.#oldest = 1
  }

  cut(): void {
    this.#member = undefined
    this.linesLast = Infinity
    this.#stage.lines.at(-1)?.close()
  }

  /** Opens new connections, and answers messages unless the server is slow. */
  serve(): void {
    for (const line of this.#stage.lines) {
      const seen = this.#seen.get(line)
      if (seen === undefined) line.open()
      const upTo = this.slow ? (seen ?? 0) : line.received.length
      this.#seen.set(line, upTo)
      for (const message of line.received.slice(seen, upTo)) this.#take(line, message)
    }
  }

  #take(line: StagedLine, message: Message): void {
    const { event, payload, ref } = message
    const id = idOfRef(ref)
    if (event === "phx_join") return this.#join(line, message)
    if (event === "phx_leave" && message.join_ref === this.#member?.ref) this.#member = undefined
    if (event === "count") {
      if (id !== undefined && !this.#answers.has(id)) this.#answers.set(id, [payload, ++this.handled])
      return this.#send(line, () => line.reply(message, "ok", this.#answers.get(id ?? "")))
    }
    this.#send(line, () => line.reply(message))
  }

  #join(line: StagedLine, message: Message): void {
    const asked = (message.payload as { [RECOVER]: RecoverRequest })[RECOVER]
    const { epoch, offset } = this.position
    const since = asked.offset ?? Infinity
    const recovered = asked.epoch === epoch && since <= offset && since + 1 >= this.#oldest
    this.#member = { line, ref: message.ref }
    const response: { [RECOVER]: RecoverResponse } = { [RECOVER]: { epoch, offset, recovered } }
    this.#send(line, () => line.reply(message, "ok", response))
    if (!recovered) return
    for (let next = since + 1; next <= offset; next++) this.#broadcast(this.#log[next - this.#oldest], next)
  }

  #broadcast(payload: unknown, offset: number): void {
    const line = this.#member?.line
    if (line) this.#send(line, () => line.send({ topic: TOPIC, event: "n", payload, offset }))
  }

  #send(line: StagedLine, send: () => void): void {
    if (this.linesLast-- > 0) send()
    else if (line === this.#stage.lines.at(-1)) this.cut()
  }
}
