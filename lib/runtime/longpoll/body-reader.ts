import type { Clock } from "../../protocol/clock.js"
import type { Holder } from "../../server/limits/held-bytes.js"
import type { BadBody, BodyLimits } from "./exchange.js"

/**
 * The least number of bytes that a chunk counts for against the size limit: a megabyte in chunks of one byte would call
 * the reader a million times.
 */
const MIN_CHUNK_BYTES = 256

/** A buffer that grows by doubling. A list of a million chunks of one byte would take a hundred times their memory. */
class GrowingBuffer {
  #buffer = new Uint8Array(0)
  length = 0

  add(chunk: Uint8Array): void {
    const length = this.length + chunk.length
    if (length > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.#buffer.length))
      larger.set(this.#buffer.subarray(0, this.length))
      this.#buffer = larger
    }
    this.#buffer.set(chunk, this.length)
    this.length = length
  }

  /** The bytes of memory that the buffer occupies. */
  get capacity(): number {
    return this.#buffer.length
  }

  bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.length)
  }

  clear(): void {
    this.#buffer = new Uint8Array(0)
    this.length = 0
  }
}

/** Collects the body of a request within its limits. */
export class BodyReader implements Holder {
  /** The body as text, or the reason why it could not be read. */
  readonly text: Promise<string | BadBody>
  readonly #limits: BodyLimits
  readonly #clock: Clock
  readonly #timer: unknown
  readonly #body = new GrowingBuffer()
  #resolve: (outcome: string | BadBody) => void = () => {}
  #length = 0
  #cost = 0
  #isOpen = true

  constructor(limits: BodyLimits, clock: Clock) {
    this.#limits = limits
    this.#clock = clock
    this.text = new Promise((resolve) => (this.#resolve = resolve))
    if (limits.ms !== Infinity) this.#timer = clock.setTimeout(() => this.#finish("too slow"), limits.ms)
  }

  /** Adds a chunk. Returns `false` if the caller must stop reading, so that a client cannot upload a gigabyte. */
  add(chunk: Uint8Array): boolean {
    if (!this.#isOpen) return true
    const { bytes, held } = this.#limits
    this.#length += chunk.length
    this.#cost += Math.max(chunk.length, MIN_CHUNK_BYTES)
    if (this.#length <= bytes) this.#body.add(chunk)
    else this.#body.clear()
    held.note(this)
    if (this.#cost <= Math.max(2 * bytes, 1000 * MIN_CHUNK_BYTES)) return true
    this.#finish("too large")
    return false
  }

  /** Handles the end of the body. */
  end(): void {
    if (this.#length > this.#limits.bytes) return this.#finish("too large")
    try {
      this.#finish(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(this.#body.bytes()))
    } catch {
      this.#finish("not text")
    }
  }

  /** Handles a connection that ended before the body was complete. */
  abort(): void {
    this.#finish("aborted")
  }

  get heldBytes(): number {
    return this.#body.capacity
  }

  giveUp(): void {
    this.#finish("too much held")
  }

  #finish(outcome: string | BadBody): void {
    this.#isOpen = false
    this.#clock.clearTimeout(this.#timer)
    this.#limits.held.forget(this)
    this.#body.clear()
    this.#resolve(outcome)
  }
}
