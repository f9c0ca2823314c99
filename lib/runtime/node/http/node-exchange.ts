import type { IncomingMessage, ServerResponse } from "node:http"
import type { HttpAnswer } from "../../../server/admission/rejection.js"
import type { Arrival } from "../../../server/api/arrival.js"
import type { BadBody, BodyLimits, Exchange } from "../../longpoll/exchange.js"
import { answer } from "./answers.js"
import { arrivalOf } from "./request-arrival.js"
import { readBody } from "./request-body.js"

/** A request and its answer over Node's HTTP. */
export class NodeExchange implements Exchange {
  readonly arrival: Arrival
  readonly method: string
  readonly #request: IncomingMessage
  readonly #response: ServerResponse

  constructor(request: IncomingMessage, response: ServerResponse, address: string | undefined) {
    request.on("error", () => {})
    response.on("error", () => {})
    this.arrival = arrivalOf(request, "longpoll", address)
    this.method = request.method ?? "GET"
    this.#request = request
    this.#response = response
  }

  get isGone(): boolean {
    return this.#response.destroyed
  }

  readBody(limits: BodyLimits): Promise<string | BadBody> {
    return readBody(this.#request, limits)
  }

  answer(reply: HttpAnswer): void {
    answer(this.#response, reply)
  }

  answerLast(reply: HttpAnswer): void {
    this.#response.on("finish", () => this.#request.destroy())
    this.answer({ ...reply, headers: { ...reply.headers, connection: "close" } })
  }

  onceOver(callback: () => void): void {
    let isOver = false
    const over = (): void => {
      if (isOver) return
      isOver = true
      callback()
    }
    this.#response.once("finish", over)
    this.#response.once("close", over)
  }

  drop(): void {
    this.#response.destroy()
  }
}
