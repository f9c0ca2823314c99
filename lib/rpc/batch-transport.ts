import type { RpcTransportWithCustomEncoding } from "capnweb"
import { RookeryError } from "rookery"

/** The parts of a {@link BatchTransport}. */
export interface BatchTransportOptions {
  /** Whether bytes are sent as bytes, instead of as text. */
  readonly bytes: boolean
  /** Sends messages to the other end. May throw, or return a promise, for which later messages wait. */
  send(messages: unknown[]): void | PromiseLike<unknown>
  /** Called when the session gives up, with the reason. */
  aborted(reason: unknown): void
  /** Called when a message, and so those after it, could not be sent. */
  failed(error: unknown): void
}

/** The most bytes of one push, unless a single message is larger: a burst must not create a frame that is too large. */
const MAX_BATCH = 1000
const MAX_BATCH_SIZE = 65_536
/** The most pushes in flight. */
const MAX_FLYING = 16
/** The most messages that may wait: an end that does not read must not fill the memory of the other. */
const MAX_WAITING = 100_000

/** An estimate of a value's bytes; stops counting above `limit`. */
function roughSize(value: unknown, limit: number): number {
  if (typeof value === "string") return value.length
  if (value instanceof Uint8Array) return value.length
  if (typeof value !== "object" || value === null) return 8
  let size = 2
  for (const inner of Object.values(value)) {
    size += 4 + roughSize(inner, limit - size)
    if (size > limit) return size
  }
  return size
}

/** How many messages are sent together. */
function batchLength(messages: readonly unknown[]): number {
  let size = 0
  let count = 0
  for (const message of messages) {
    size += roughSize(message, MAX_BATCH_SIZE)
    if (count > 0 && (size > MAX_BATCH_SIZE || count === MAX_BATCH)) break
    count++
  }
  return count
}

/**
 * Carries the messages of a session: those of one turn are sent together, in order, and only as fast as the other end
 * accepts them.
 */
export class BatchTransport implements RpcTransportWithCustomEncoding {
  readonly encodingLevel: "jsonCompatible" | "jsonCompatibleWithBytes"
  readonly #options: BatchTransportOptions
  #outgoing: unknown[] = []
  #scheduled = false
  #flying = 0
  readonly #incoming: unknown[] = []
  #waiting: { resolve(message: unknown): void; reject(error: unknown): void } | undefined
  #failure: { readonly error: unknown } | undefined

  constructor(options: BatchTransportOptions) {
    this.#options = options
    this.encodingLevel = options.bytes ? "jsonCompatibleWithBytes" : "jsonCompatible"
  }

  send(message: unknown): void {
    if (this.#failure !== undefined) return
    if (this.#outgoing.length >= MAX_WAITING) {
      throw new RookeryError("buffer_full", "too many RPC messages wait for the other end; await some calls first")
    }
    this.#outgoing.push(message)
    if (this.#scheduled) return
    this.#scheduled = true
    // A call is sent when it is made, and the request for its result when it is awaited, a microtask later.
    queueMicrotask(() =>
      queueMicrotask(() => {
        this.#scheduled = false
        this.#flush()
      }),
    )
  }

  async receive(): Promise<unknown> {
    if (this.#incoming.length > 0) return this.#incoming.shift()
    if (this.#failure !== undefined) throw this.#failure.error
    return new Promise((resolve, reject) => (this.#waiting = { resolve, reject }))
  }

  abort(reason: unknown): void {
    if (this.#failure !== undefined) return
    // The last message often has the reason.
    this.#flush()
    if (this.#failure !== undefined) return
    this.#failure = { error: reason }
    this.#options.aborted(reason)
  }

  /** Handles messages from the other end. */
  take(messages: readonly unknown[]): void {
    for (const message of messages) {
      const waiting = this.#waiting
      this.#waiting = undefined
      if (waiting === undefined) this.#incoming.push(message)
      else waiting.resolve(message)
    }
  }

  /** Ends the transport in both directions: stubs break with this error. */
  fail(error: unknown): void {
    if (this.#failure !== undefined) return
    this.#failure = { error }
    this.#outgoing = []
    this.#incoming.length = 0
    this.#waiting?.reject(error)
    this.#waiting = undefined
  }

  #flush(): void {
    while (this.#outgoing.length > 0 && this.#flying < MAX_FLYING && this.#failure === undefined) {
      try {
        const sent = this.#options.send(this.#outgoing.splice(0, batchLength(this.#outgoing)))
        if (sent === undefined) continue
        this.#flying++
        void this.#land(sent)
      } catch (error) {
        this.#break(error)
      }
    }
  }

  /** Stops sending, because the other end would miss a message, and tells the owner. */
  #break(error: unknown): void {
    if (this.#failure !== undefined) return
    this.fail(error)
    this.#options.failed(error)
  }

  /** Continues once a push was answered. */
  async #land(sent: PromiseLike<unknown>): Promise<void> {
    try {
      await sent
      this.#flying--
      this.#flush()
    } catch (error) {
      this.#break(error)
    }
  }
}
