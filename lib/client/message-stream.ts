import { BufferFullError } from "../protocol/errors.js"

/** The messages of an event, as they come. Ends when the channel is left or closed. */
export class MessageStream<Payload> implements AsyncIterableIterator<Payload> {
  readonly #limit: number
  readonly #ended: () => void
  #queue: Payload[] = []
  #readers: ((result: IteratorResult<Payload>) => void)[] = []
  #done = false
  #error: unknown

  constructor(limit: number, ended: () => void) {
    this.#limit = limit
    this.#ended = ended
  }

  /** Hands a message to whoever waits for one, or keeps it; a full queue ends the stream with an error. */
  add(payload: Payload): void {
    const reader = this.#readers.shift()
    if (reader !== undefined) reader({ done: false, value: payload })
    else if (this.#queue.length < this.#limit) this.#queue.push(payload)
    else this.end(new BufferFullError("messages(): the loop is slower than the messages", this.#limit))
  }

  /** No more messages come; those that came are still handed out, and the error after them. */
  end(error?: unknown): void {
    if (this.#done) return
    this.#done = true
    this.#error = error
    this.#ended()
    for (const reader of this.#readers) reader({ done: true, value: undefined })
    this.#readers = []
  }

  next(): Promise<IteratorResult<Payload>> {
    if (this.#queue.length > 0) return Promise.resolve({ done: false, value: this.#queue.shift() as Payload })
    if (this.#error !== undefined) {
      const error = this.#error
      this.#error = undefined
      return Promise.reject(error)
    }
    if (this.#done) return Promise.resolve({ done: true, value: undefined })
    return new Promise((resolve) => this.#readers.push(resolve))
  }

  return(): Promise<IteratorResult<Payload>> {
    this.#queue = []
    this.end()
    return this.next()
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}
