import { readBase64 } from "../../protocol/read-base64.js"
import type { QueryParams } from "../../protocol/query.js"
import { readQuery, type Admission } from "../../server/admission/admission.js"
import type { Arrival } from "../../server/api/arrival.js"
import { LARGE_FRAME } from "../../server/limits/frame-count.js"
import { randomId } from "../../server/support/random-id.js"
import type { TransportServices } from "../../server/process/services.js"
import type { SocketEnd } from "../../server/api/server-link.js"
import { LongPollSession, type BadLine } from "./longpoll-session.js"
import type { Exchange } from "./exchange.js"
import { faultAnswer, JSON_TYPE, Rejection } from "../../server/admission/rejection.js"

/** The header for the session's token, for clients that keep it out of the URL. */
export const TOKEN_HEADER = "x-phoenix-longpoll-token"
const NDJSON = /^application\/x-ndjson\s*(;|$)/i

/** 256 random bits, which cannot be guessed. */
const TOKEN_BYTES = 32

type Headers = Record<string, string>

/** The long-poll transport at one path. */
export class LongPoll {
  readonly #services: TransportServices
  readonly #admission: Admission
  readonly #mark: string
  readonly #sessions = new Map<string, LongPollSession>()

  /** @param mark the prefix of its tokens, by which another process finds the process that has the session */
  constructor(services: TransportServices, admission: Admission, mark: string) {
    this.#services = services
    this.#admission = admission
    this.#mark = mark
  }

  /** Answers one request. Never throws. */
  async handle(exchange: Exchange): Promise<void> {
    try {
      await this.#handle(exchange)
    } catch (error) {
      this.#services.telemetry.failed(error, "longpoll")
      exchange.answer(faultAnswer(500))
    }
  }

  async #handle(exchange: Exchange): Promise<void> {
    const { arrival } = exchange
    const params = readQuery(arrival.query)
    if (params instanceof Rejection) return exchange.answer(params.answer)
    const allowed = this.#admission.pageAllowed(arrival)
    const cors = this.#cors(arrival.header("origin"), allowed)
    const headers = { "content-type": JSON_TYPE, "cache-control": "no-store", ...cors }
    const reply = (body: object): void => exchange.answer({ status: 200, headers, body: JSON.stringify(body) })
    if (!allowed) {
      this.#admission.refused("longpoll", arrival.address, new Rejection("origin", { status: 403 }))
      return reply({ status: 403 })
    }
    switch (exchange.method) {
      case "OPTIONS":
        return exchange.answer({ status: 200, headers: this.#preflight(arrival, cors) })
      case "GET": {
        const session = this.#find(arrival, params)
        if (session !== undefined) {
          return session.allowFrame() ? this.#poll(session, exchange, reply) : reply({ status: 410 })
        }
        return this.#open(exchange, reply)
      }
      case "POST": {
        const session = this.#find(arrival, params)
        if (session?.socket === undefined) return reply({ status: 410 })
        return this.#publish(exchange, session, session.socket, reply)
      }
      default:
        return exchange.answer({ status: 400, headers: cors })
    }
  }

  /** The CORS headers: `*` if every page may connect, otherwise the origin of an allowed page. */
  #cors(origin: string | undefined, allowed: boolean): Headers {
    if (this.#admission.anyOrigin) return { "access-control-allow-origin": "*" }
    if (origin === undefined || !allowed) return { vary: "origin" }
    return { "access-control-allow-origin": origin, vary: "origin" }
  }

  #preflight(arrival: Arrival, cors: Headers): Headers {
    return {
      ...cors,
      "access-control-allow-headers": arrival.header("access-control-request-headers") ?? "",
      "access-control-allow-methods": "get, post, options",
      "access-control-max-age": "3600",
    }
  }

  #find(arrival: Arrival, params: QueryParams): LongPollSession | undefined {
    const token = arrival.header(TOKEN_HEADER) ?? params["token"]
    return typeof token === "string" ? this.#sessions.get(token) : undefined
  }

  #poll(session: LongPollSession, exchange: Exchange, reply: (body: object) => void): void {
    const giveUp = session.poll((status, messages) => {
      reply({ status, token: session.token, messages })
      if (messages.length === 0 || exchange.isGone) return
      exchange.onceOver(session.answered(messages, () => exchange.drop()))
    })
    exchange.onceOver(giveUp)
  }

  async #open(exchange: Exchange, reply: (body: object) => void): Promise<void> {
    const { arrival } = exchange
    const admitted = await this.#admission.admit(arrival, true)
    if (admitted instanceof Rejection) {
      const { status } = admitted.answer
      // Phoenix reports every refusal as 403 in JSON. Server errors are HTTP statuses.
      if (admitted.reason === "refused" || status === 403) return reply({ status: 403 })
      // A temporary error has no body: the official client never retries after JSON with a status that it does not
      // know.
      return exchange.answer(status === 500 ? admitted.answer : { status })
    }
    const token = this.#mark + randomId(TOKEN_BYTES)
    const session = new LongPollSession({
      token,
      address: arrival.address,
      limits: admitted.limits,
      held: this.#services.held,
      turns: this.#services.turns,
      runtime: this.#services.runtime,
      onEnd: () => {
        this.#sessions.delete(token)
        admitted.leave()
      },
    })
    this.#sessions.set(token, session)
    session.start(admitted.open(session))
    reply({ status: 410, token, messages: [] })
  }

  async #publish(
    exchange: Exchange,
    session: LongPollSession,
    socket: SocketEnd,
    reply: (body: object) => void,
  ): Promise<void> {
    const { bodyBytes, batchLines, messageMs } = this.#admission.limits
    const { held } = this.#services
    if (!session.allowFrame()) return reply({ status: 410 })
    const body = await exchange.readBody({ bytes: bodyBytes, ms: messageMs, held })
    if (body === "aborted") return
    if (body === "too slow" || body === "too much held") {
      socket.limitHit(body === "too slow" ? "messageMs" : "heldBytes")
      return exchange.answerLast(faultAnswer(body === "too slow" ? 408 : 503))
    }
    if (body === "too large") {
      socket.limitHit("bodyBytes")
      return exchange.answer(faultAnswer(400))
    }
    if (body === "not text") return reply({ status: 400, error: "the body is not UTF-8" })
    // The lines of text in an earlier request's body may still wait for their turn.
    const holder = { heldBytes: body.length, giveUp: () => session.giveUp() }
    held.note(holder)
    while (session.taking !== undefined) await session.taking
    held.forget(holder)
    if (!NDJSON.test(exchange.arrival.header("content-type") ?? "")) {
      // The request itself already counted for the first bytes.
      if (body.length > LARGE_FRAME && !session.allowFrame(body.length - LARGE_FRAME)) return reply({ status: 410 })
      if (socket.tryReceive(body)) return reply({ status: 200 })
      // The session may have ended while the body arrived.
      return reply(socket.connected ? { status: 400, error: "the body is not a frame" } : { status: 410 })
    }
    const lines = body.split("\n").map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line))
    if (lines.filter((line) => line !== "").length > batchLines) {
      socket.limitHit("batchLines")
      return reply({ status: 400, error: `more than ${batchLines} lines; none was taken` })
    }
    session.taking = this.#take(session, socket, lines)
    const bad = await session.taking.finally(() => (session.taking = undefined))
    reply(bad === undefined ? { status: socket.connected ? 200 : 410 } : { status: 400, ...bad })
  }

  /**
   * Handles every line of the body that is a frame, and returns the first line that is not. Yields to other clients,
   * because a hundred lines of a body may be a megabyte of frames.
   */
  async #take(session: LongPollSession, socket: SocketEnd, lines: readonly string[]): Promise<BadLine | undefined> {
    const { turns } = this.#services
    let bad: BadLine | undefined
    for (const [index, line] of lines.entries()) {
      if (line === "") continue
      if (turns.isSpent()) await turns.next()
      if (!session.allowFrame(line.length)) break
      const text = line.startsWith("[") || line.startsWith("{")
      const frame = text ? line : readBase64(line)
      const taken = frame !== undefined && (socket.tryReceive(frame) || !socket.connected)
      if (!taken) bad ??= { line: index + 1, error: `line ${index + 1} is not a frame; the others were taken` }
    }
    return bad
  }
}
