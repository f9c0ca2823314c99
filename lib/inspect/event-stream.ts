import { concatBytes } from "../protocol/bytes.js"

const encoder = new TextEncoder()

/** An event as a stream of server-sent events has it. `JSON.stringify` leaves no line break in the data. */
export const eventOf = (event: string, data: unknown): Uint8Array =>
  encoder.encode(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)

/** Begins a stream: it says how many milliseconds a browser waits before it asks again. */
const BEGIN = encoder.encode("retry: 2000\n\n")

/** Keeps a proxy from closing a stream that is silent. */
export const COMMENT: Uint8Array = encoder.encode(":\n\n")

/**
 * One stream of server-sent events. It keeps what its reader has not read yet, up to some bytes: events that come
 * then are lost, and the reader is told how many.
 */
export class EventStream {
  readonly body: ReadableStream<Uint8Array>
  readonly #mostBytes: number
  readonly #onEnd: () => void
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined
  #kept: Uint8Array[] = []
  #bytes = 0
  #lost = 0
  /** Whether the reader waits for the next event. */
  #isAwaited = false

  constructor(mostBytes: number, onEnd: () => void) {
    this.#mostBytes = mostBytes
    this.#onEnd = onEnd
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller
          // Node sends the headers of an answer with its first bytes.
          this.#kept.push(BEGIN)
          this.#bytes = BEGIN.byteLength
        },
        pull: () => this.#pull(),
        cancel: () => this.#ended(),
      },
      // Nothing is kept but what is counted here.
      { highWaterMark: 0 },
    )
  }

  send(event: Uint8Array): void {
    if (this.#controller === undefined) return
    if (this.#isAwaited) {
      this.#isAwaited = false
      this.#controller.enqueue(event)
    } else if (this.#lost > 0 || this.#bytes + event.byteLength > this.#mostBytes) this.#lost++
    else {
      this.#kept.push(event)
      this.#bytes += event.byteLength
    }
  }

  end(): void {
    const controller = this.#controller
    if (controller === undefined) return
    this.#ended()
    controller.close()
  }

  #pull(): void {
    if (this.#kept.length === 0 && this.#lost === 0) {
      this.#isAwaited = true
      return
    }
    const kept = this.#kept
    if (this.#lost > 0) kept.push(eventOf("lost", { count: this.#lost }))
    this.#kept = []
    this.#bytes = 0
    this.#lost = 0
    this.#controller?.enqueue(concatBytes(kept))
  }

  #ended(): void {
    if (this.#controller === undefined) return
    this.#controller = undefined
    this.#kept = []
    this.#bytes = 0
    this.#onEnd()
  }
}
