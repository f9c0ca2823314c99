import type { RpcTransportWithCustomEncoding } from "capnweb"
import { RookeryError } from "rookery"

/** The parts of a {@link BatchTransport}. */
export interface BatchTransportOptions {
  /** Whether bytes travel as they are, instead of as text. */
  readonly bytes: boolean
  /** Sends messages to the other end. May throw, or promise to be through; meanwhile others wait. */
  send(messages: unknown[]): void | PromiseLike<unknown>
  /** The session gave up, for this reason. */
  aborted(reason: unknown): void
  /** A message could not be carried, and what was behind it neither. */
  failed(error: unknown): void
}

/** So much goes out in one push at most, unless one message is larger: a burst must not make a frame that is too large. */
const MAX_BATCH = 1000
const MAX_BATCH_SIZE = 65_536
/** So many pushes are on their way at most. */
const MAX_FLYING = 16
/** So many messages may wait: an end that does not read must not fill the memory of the other. */
const MAX_WAITING = 100_000

/** Roughly how many bytes a value takes, or more than `limit` if it is more than that. */
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

/** How many messages go out together. */
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

/** Carries the messages of a session: what is sent in one turn leaves together, in order, and only as fast as it is taken. */
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
    // A call is sent when it is made, and the wish for its result when it is awaited: that is a microtask later.
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
    // The last message often says why.
    this.#flush()
    if (this.#failure !== undefined) return
    this.#failure = { error: reason }
    this.#options.aborted(reason)
  }

  /** Takes what the other end sent. */
  take(messages: readonly unknown[]): void {
    for (const message of messages) {
      const waiting = this.#waiting
      this.#waiting = undefined
      if (waiting === undefined) this.#incoming.push(message)
      else waiting.resolve(message)
    }
  }

  /** Nothing more comes, and nothing more can be sent: stubs break with this error. */
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

  /** Ends the sending, because the other end would miss a message, and tells the owner. */
  #break(error: unknown): void {
    if (this.#failure !== undefined) return
    this.fail(error)
    this.#options.failed(error)
  }

  /** Goes on once a push was taken. */
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
