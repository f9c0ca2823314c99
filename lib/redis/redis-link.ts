import { RookeryError } from "../protocol/errors.js"
import type { RedisClient, RedisReply } from "./redis-client.js"

// The type of Redis's strings, as node-redis names it. They are mapped to bytes.
const BLOB_STRING = 36
// The time a command may take is seen to here: the client's own way costs more than all else about a command.
const OPTIONS = { typeMapping: { [BLOB_STRING]: Buffer }, timeout: 0 }

/** Told when a link comes to be, and when it is no more. */
export interface LinkEvents {
  /** It is there, for the first time or again. */
  up(): void
  /** It is gone, or does not answer. */
  down(): void
}

/** The error of what Redis was not asked, or did not answer. */
export const unavailable = (cause: unknown): RookeryError =>
  new RookeryError(
    "cluster_unavailable",
    "Redis cannot be reached, so this was not done; try again when the endpoint is healthy",
    cause,
  )

/**
 * One connection to Redis. It comes back by itself, is made anew where it seems open and does not answer, and nothing
 * waits for that: what cannot be asked now fails now, what is not answered fails soon.
 */
export class Link {
  readonly #make: () => RedisClient
  readonly #timeoutMs: number
  readonly #events: LinkEvents
  #client: RedisClient
  #up = false
  #closed = false
  /** How many answers came. */
  #answers = 0
  /** When the client last showed that it does something. */
  #sign = 0

  constructor(make: () => RedisClient, timeoutMs: number, events: LinkEvents) {
    this.#make = make
    this.#timeoutMs = timeoutMs
    this.#events = events
    this.#client = make()
  }

  /** Whether it can be asked. */
  get up(): boolean {
    return this.#up
  }

  /** Resolves once it is there. Rejects if that takes too long, and goes on trying. */
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

  /** Sends a command. Texts in the answer come as bytes. */
  ask(...args: (string | Buffer)[]): Promise<RedisReply> {
    return this.do((client) => client.sendCommand(args, OPTIONS))
  }

  /** Has something done with the client. */
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

  /** Asks whether it still answers, and makes it anew if nothing comes of it. To be called now and then. */
  async check(): Promise<void> {
    if (this.#up) {
      await this.ask("PING").catch(() => undefined)
    } else if (!this.#closed && performance.now() - this.#sign > 5 * this.#timeoutMs) {
      // Not sooner: to a Redis that is only slow that would be a flood.
      this.renew()
    }
  }

  /** Makes the connection anew. */
  renew(): void {
    if (this.#closed) return
    this.#isDown()
    this.#client.destroy()
    this.#client = this.#make()
    this.#connect().catch(() => undefined)
  }

  #connect(): Promise<unknown> {
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
    // With a listener, or it would end the process.
    when("error", () => client.isReady || this.#isDown())
    return client.connect()
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
 * In steps, between each of which what came is read, and not while others are answered, as Redis answers in turn: a
 * process that is behind, because ten thousand clients came back at once, must not take that for a silent Redis.
 */
const STEPS = 4

/**
 * Rejects what takes too long without progress. By hand, as it is done for every command: a race makes four promises
 * more.
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

/** Whether Redis has to be given the script. */
export const isScriptMissing = (error: unknown): boolean =>
  error instanceof Error && error.message.startsWith("NOSCRIPT")
