import type { IncomingMessage } from "node:http"
import type { Holder } from "../../../server/limits/held-bytes.js"
import type { BadBody, BodyLimits } from "../../longpoll/exchange.js"

/** Whether the headers of a request announce a body. */
export const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) !== 0

/**
 * The least bytes that a chunk counts for when the body is cut off as too large: a megabyte in chunks of one byte would
 * call the reader a million times.
 */
const MIN_CHUNK_BYTES = 256

/** A buffer that grows by doubling. A list of a million chunks of one byte would take a hundred times their memory. */
class GrowingBuffer {
  #buffer = Buffer.alloc(0)
  length = 0

  add(chunk: Buffer): void {
    const length = this.length + chunk.length
    if (length > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(length, 2 * this.#buffer.length))
      larger.set(this.#buffer.subarray(0, this.length))
      this.#buffer = larger
    }
    this.#buffer.set(chunk, this.length)
    this.length = length
  }

  /** The bytes of memory that it takes. */
  get capacity(): number {
    return this.#buffer.length
  }

  bytes(): Buffer {
    return this.#buffer.subarray(0, this.length)
  }

  clear(): void {
    this.#buffer = Buffer.alloc(0)
    this.length = 0
  }
}

/** Reads the body of a request as text, within the limits. */
export function readBody(request: IncomingMessage, { bytes, ms, held }: BodyLimits): Promise<string | BadBody> {
  return new Promise((resolve) => {
    const body = new GrowingBuffer()
    let length = 0
    let cost = 0
    const holder: Holder = {
      get heldBytes() {
        return body.capacity
      },
      giveUp: () => done("too much held"),
    }
    const timer = ms === Infinity ? undefined : setTimeout(() => done("too slow"), ms)
    let open = true
    const done = (outcome: string | BadBody): void => {
      open = false
      clearTimeout(timer)
      held.forget(holder)
      body.clear()
      resolve(outcome)
    }
    request.on("data", (chunk: Buffer) => {
      if (!open) return
      length += chunk.length
      cost += Math.max(chunk.length, MIN_CHUNK_BYTES)
      if (length <= bytes) body.add(chunk)
      else body.clear()
      held.note(holder)
      // Cuts a body that is far too large, instead of reading a gigabyte before the answer.
      if (cost <= Math.max(2 * bytes, 1000 * MIN_CHUNK_BYTES)) return
      done("too large")
      request.destroy()
    })
    request.on("close", () => done("aborted"))
    request.on("end", () => {
      if (length > bytes) return done("too large")
      try {
        done(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body.bytes()))
      } catch {
        done("not text")
      }
    })
  })
}
