import { RookeryError } from "../protocol/errors.js"
import type { RedisClient, RedisReply } from "./redis-client.js"

// The type of Redis's strings, as node-redis names it. They are mapped to bytes.
const BLOB_STRING = 36
// Command timeouts are implemented here: the client's own timeout costs more than the rest of a command.
const OPTIONS = { typeMapping: { [BLOB_STRING]: Buffer }, timeout: 0 }

/** Called when a link goes up or down. */
export interface LinkEvents {
  /** The link is up, for the first time or again. */
  up(): void
  /** The link is down, or does not answer. */
  down(): void
}

/** The error for a command that Redis did not receive or did not answer. */
export const unavailable = (cause: unknown): RookeryError =>
  new RookeryError(
    "cluster_unavailable",
    "Redis cannot be reached, so this was not done; try again when the endpoint is healthy",
    cause,
  )

/**
 * One connection to Redis. It reconnects by itself, and is replaced if it seems open but does not answer. Commands do
 * not wait for a reconnect: a command that cannot be sent fails at once, and an unanswered one fails at its timeout.
 */
export class Link {
  readonly #make: () => RedisClient
  readonly #timeoutMs: number
  readonly #events: LinkEvents
  #client: RedisClient
  #up = false
  #closed = false
  /** The number of answers received. */
  #answers = 0
  /** When the client last showed activity. */
  #sign = 0

  constructor(make: () => RedisClient, timeoutMs: number, events: LinkEvents) {
    this.#make = make
    this.#timeoutMs = timeoutMs
    this.#events = events
    this.#client = make()
  }

  /** Whether commands can be sent. */
  get up(): boolean {
    return this.#up
  }

  /** Resolves once the link is up. Rejects if that takes too long, but keeps trying. */
  async open(): Promise<void> {
    try {
      await within(5 * this.#timeoutMs, this.#connect(), () => 0)
    } catch (cause) {
      throw unavailable(cause)
    }
  }

  close(): void {
    this.#closed = true
    this.#up = false
    this.#client.destroy()
  }

  /** Sends a command. Strings in the reply are returned as bytes. */
  ask(...args: (string | Buffer)[]): Promise<RedisReply> {
    return this.do((client) => client.sendCommand(args, OPTIONS))
  }

  /** Runs an operation with the client. */
  async do<T>(work: (client: RedisClient) => Promise<T>): Promise<T> {
    if (!this.#up) throw unavailable(new Error("there is no connection"))
    const client = this.#client
    const answer = work(client)
    try {
      const value = await within(this.#timeoutMs, answer, () => this.#answers)
      this.#answers++
      return value
    } catch (cause) {
      if (!(cause instanceof NoAnswer)) this.#answers++
      if (isScriptMissing(cause)) throw cause
      if (cause instanceof NoAnswer && client === this.#client) {
        // A command that is sent now would only queue behind the unanswered ones.
        this.#isDown()
        const late = (): void => void (client === this.#client && client.isReady && this.#isUp())
        answer.then(late, () => undefined)
      }
      throw unavailable(cause)
    }
  }

  /** Checks whether Redis still answers, and replaces the connection if not. Call it regularly. */
  async check(): Promise<void> {
    if (this.#up) {
      await this.ask("PING").catch(() => undefined)
    } else if (!this.#closed && performance.now() - this.#sign > 5 * this.#timeoutMs) {
      // Not sooner, because that would flood a Redis that is merely slow.
      this.renew()
    }
  }

  /** Replaces the connection. */
  renew(): void {
    if (this.#closed) return
    this.#isDown()
    this.#client.destroy()
    this.#client = this.#make()
    this.#connect().catch(() => undefined)
  }

  async #connect(): Promise<void> {
    const client = this.#client
    const when = (event: Parameters<RedisClient["on"]>[0], act: () => void): void => {
      client.on(event, () => {
        if (client !== this.#client || this.#closed) return
        this.#sign = performance.now()
        act()
      })
    }
    this.#sign = performance.now()
    when("ready", () => this.#isUp())
    when("end", () => this.#isDown())
    when("reconnecting", () => this.#isDown())
    // Without a listener, an error would end the process.
    when("error", () => client.isReady || this.#isDown())
    await client.connect()
    // A client that is destroyed before TCP has connected connects even so.
    if (client !== this.#client || this.#closed) client.destroy()
  }

  #isUp(): void {
    if (this.#up || this.#closed) return
    this.#up = true
    this.#events.up()
  }

  #isDown(): void {
    if (!this.#up) return
    this.#up = false
    this.#events.down()
  }
}

class NoAnswer extends Error {}

/**
 * The number of steps of a timeout. Received data is read between steps, and any answer restarts the count, because
 * Redis answers in order. Otherwise a process that is busy with ten thousand reconnecting clients would mistake its own
 * delay for a silent Redis.
 */
const STEPS = 4

/**
 * Rejects a command that takes too long without progress. Not with `Promise.race`, because this runs for every command
 * and a race creates four more promises.
 */
export function within<T>(ms: number, work: Promise<T>, progress: () => number): Promise<T> {
  return new Promise((resolve, reject) => {
    let steps = 0
    let before = progress()
    const step = (): void => {
      const now = progress()
      if (now !== before) steps = 0
      before = now
      if (++steps === STEPS) reject(new NoAnswer(`no answer within ${ms} ms`))
      else timer = setTimeout(step, ms / STEPS)
    }
    let timer = setTimeout(step, ms / STEPS)
    const settled =
      <Value>(settle: (value: Value) => void) =>
      (value: Value): void => {
        clearTimeout(timer)
        settle(value)
      }
    work.then(settled(resolve), settled(reject))
  })
}

/** Whether the script has to be sent to Redis. */
export const isScriptMissing = (error: unknown): boolean =>
  error instanceof Error && error.message.startsWith("NOSCRIPT")
