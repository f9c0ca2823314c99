import { CACHE_CONTROL, type HttpAnswer } from "../../server/admission/rejection.js"
import type { Arrival } from "../../server/api/arrival.js"
import type { Clock } from "../../protocol/clock.js"
import { BodyReader } from "../longpoll/body-reader.js"
import type { BadBody, BodyLimits, Exchange } from "../longpoll/exchange.js"

/** Longer answers are handed over in pieces, so that what a client does not read still counts as its own. */
const PIECE_BYTES = 16_384

/** An answer as the web has it. An empty text would be given a content type. */
export function responseOf({ status, headers, body = "" }: HttpAnswer, stream?: ReadableStream): Response {
  const content = stream ?? (body === "" ? null : body)
  return new Response(content, { status, headers: { "cache-control": CACHE_CONTROL, ...headers } })
}

/** The headers of the answer to a handshake. */
export const handshakeHeaders = (subprotocol: string | undefined): Record<string, string> => ({
  "cache-control": CACHE_CONTROL,
  ...(subprotocol !== undefined && { "sec-websocket-protocol": subprotocol }),
})

/** A request and its answer as the web has them. */
export class FetchExchange implements Exchange {
  readonly arrival: Arrival
  readonly method: string
  readonly response: Promise<Response>
  readonly #request: Request
  readonly #clock: Clock
  readonly #whenOver: (() => void)[] = []
  #respond: (response: Response) => void = () => {}
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined
  #isAnswered = false
  #isOver = false
  isGone = false

  constructor(request: Request, arrival: Arrival, clock: Clock) {
    this.arrival = arrival
    this.method = request.method
    this.#request = request
    this.#clock = clock
    this.response = new Promise((resolve) => (this.#respond = resolve))
  }

  async readBody(limits: BodyLimits): Promise<string | BadBody> {
    const reader = this.#request.body?.getReader()
    const body = new BodyReader(limits, this.#clock)
    if (reader === undefined) {
      body.end()
      return body.text
    }
    const read = async (): Promise<void> => {
      for (;;) {
        const { done, value } = await reader.read()
        if (done) return body.end()
        if (!body.add(value)) return
      }
    }
    read().catch(() => body.abort())
    const text = await body.text
    if (text === "too large" || text === "too slow" || text === "too much held") reader.cancel().catch(() => {})
    return text
  }

  answer(reply: HttpAnswer): void {
    if (this.#isAnswered) return
    this.#isAnswered = true
    const { body = "" } = reply
    if (body.length <= PIECE_BYTES) {
      this.#respond(responseOf(reply))
      return this.#over()
    }
    this.#respond(responseOf(reply, this.#inPieces(new TextEncoder().encode(body))))
  }

  answerLast(reply: HttpAnswer): void {
    this.answer({ ...reply, headers: { ...reply.headers, connection: "close" } })
  }

  onceOver(callback: () => void): void {
    if (this.#isOver) callback()
    else this.#whenOver.push(callback)
  }

  drop(): void {
    this.#controller?.error(new Error("the session has ended"))
    this.#over()
  }

  /** The connection has ended. */
  gone(): void {
    this.isGone = true
    this.#over()
  }

  #inPieces(bytes: Uint8Array): ReadableStream<Uint8Array> {
    let at = 0
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller
        },
        pull: (controller) => {
          controller.enqueue(bytes.subarray(at, (at += PIECE_BYTES)))
          if (at < bytes.length) return
          this.#controller = undefined
          controller.close()
          this.#over()
        },
        cancel: () => this.gone(),
      },
      { highWaterMark: 0 },
    )
  }

  #over(): void {
    this.#isOver = true
    for (const callback of this.#whenOver.splice(0)) callback()
  }
}
