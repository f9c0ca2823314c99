import mitt, { type Emitter } from "mitt"
import type { LimitName } from "../../protocol/limits.js"
import { noCounts, type Counters } from "../api/counters.js"
import type { EndpointEvents } from "../api/events.js"
import type { LogFields, Logger, LogLevel } from "../api/logger.js"
import { truncateFields, LogRate } from "./log-rate.js"
import type { ServerSocket } from "../api/socket.js"

/** Limits that no client is to blame for: one that merely disappears, and a memory that is used up; logged at `info`. */
const HARMLESS: ReadonlySet<LimitName> = new Set<LimitName>(["idleMs", "pollWindowMs", "heldHistoryBytes"])

/** The most mistakes that are explained. Their causes are in the application's code, so there are few. */
const MAX_EXPLAINED = 1000

/** The reports of an endpoint: counters, events and the log. */
export class Telemetry {
  readonly counters: Counters = noCounts()
  /** Whether `message` has a listener. A field, because every message that passes asks. */
  passing = false
  /** The same of `gatewayMessage`. */
  passingGateways = false
  readonly #events: Emitter<EndpointEvents> = mitt()
  readonly #rate = new LogRate()
  readonly #explained = new Set<string>()
  readonly #logger: Logger | undefined

  constructor(logger: Logger | undefined) {
    this.#logger = logger
  }

  /** Adds a listener; returns the function that removes it. */
  on<E extends keyof EndpointEvents>(event: E, listener: (details: EndpointEvents[E]) => void): () => void {
    this.#events.on(event, listener)
    this.#notePassing()
    return () => {
      this.#events.off(event, listener)
      this.#notePassing()
    }
  }

  emit<E extends keyof EndpointEvents>(event: E, details: EndpointEvents[E]): void {
    if (!this.listens(event)) return
    try {
      this.#events.emit(event, details)
    } catch (error) {
      this.log("error", `a listener of ${event} threw`, { error })
    }
  }

  /** Whether an event has a listener: a duration is measured only for one. */
  listens(event: keyof EndpointEvents): boolean {
    const { all } = this.#events
    // Once a listener was there, an empty list of them stays.
    return all.size > 0 && (all.get(event)?.length ?? 0) > 0
  }

  log(level: LogLevel, message: string, fields: LogFields): void {
    if (this.#logger === undefined) return
    const text = this.#rate.line(message)
    if (text === undefined) return
    try {
      this.#logger(level, text, truncateFields(fields))
    } catch {
      // The error of a logger cannot be logged, and must not break the code that logs.
    }
  }

  /**
   * Warns of a mistake and says how to fix it, only the first time for each cause. Returns whether it is the first
   * time.
   */
  explain(cause: string, message: string, fields: LogFields): boolean {
    if (this.#explained.has(cause) || this.#explained.size >= MAX_EXPLAINED) return false
    this.#explained.add(cause)
    this.log("warn", message, fields)
    return true
  }

  /** Reports a limit that a client hit. */
  limitHit(limit: LimitName, socket: ServerSocket | undefined, address: string | undefined = socket?.address): void {
    this.counters.rookery_limits_hit_total++
    this.log(HARMLESS.has(limit) ? "info" : "warn", `limit hit: ${limit}`, { socket: socket?.id, address })
    this.emit("limitHit", { limit, socket, address })
  }

  /** Reports an error; `where` names the code that threw. */
  failed(error: unknown, where: string, topic?: string, socket?: ServerSocket): void {
    this.counters.rookery_errors_total++
    this.log("error", `${where} threw`, { topic, socket: socket?.id, error })
    this.emit("error", { error, where, topic, socket })
  }

  #notePassing(): void {
    this.passing = this.listens("message")
    this.passingGateways = this.listens("gatewayMessage")
  }
}
