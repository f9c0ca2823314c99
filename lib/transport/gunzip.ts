import { concatBytes, toUint8Array } from "../protocol/bytes.js"
import { RookeryError } from "../protocol/errors.js"
import type { IncomingFrame } from "../protocol/frame.js"
import type { CloseInfo, LinkEvents, LinkTraits, Transport } from "./transport.js"

/** Inflates gzip. Throws or rejects if the bytes are invalid or inflate to more than `maxBytes`. */
export type Inflate = (gzip: Uint8Array, maxBytes: number) => Uint8Array | PromiseLike<Uint8Array>

/** Options of {@link gunzip}. */
export interface GunzipOptions {
  /**
   * The most bytes that one frame may inflate to. A kilobyte of gzip can become a megabyte.
   *
   * @default 16_777_216: more than any message that a server sends on purpose
   */
  maxInflatedBytes?: number | undefined
  /**
   * Inflates instead of the platform, for example in React Native, which has no `DecompressionStream`.
   *
   * @default DecompressionStream
   */
  inflate?: Inflate | undefined
}

const MAX_INFLATED_BYTES = 16_777_216

/** Inflates with the platform's stream, and reads at most `maxBytes`. */
async function inflateByStream(gzip: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  const { readable, writable } = new DecompressionStream("gzip")
  const writer = writable.getWriter()
  // Both reject for invalid bytes, as the reader does, and nothing else awaits them.
  void Promise.allSettled([writer.write(gzip as Uint8Array<ArrayBuffer>), writer.close()])
  const reader = readable.getReader()
  const chunks: Uint8Array[] = []
  let length = 0
  for (let { done, value } = await reader.read(); !done && value; { done, value } = await reader.read()) {
    length += value.length
    if (length > maxBytes) {
      await reader.cancel()
      throw new RangeError(`more than ${maxBytes} bytes`)
    }
    chunks.push(value)
  }
  return concatBytes(chunks)
}

/** Passes on the events of a link in order, although a gzip frame takes longer than the frames after it. */
class OrderedEvents implements LinkEvents {
  readonly #events: LinkEvents
  readonly #inflate: (gzip: Uint8Array) => Promise<Uint8Array>
  readonly #waiting: (() => void)[] = []
  #isInflating = false
  #isClosing = false

  constructor(events: LinkEvents, inflate: (gzip: Uint8Array) => Promise<Uint8Array>) {
    this.#events = events
    this.#inflate = inflate
  }

  open(traits?: LinkTraits): void {
    this.#events.open(traits)
  }

  frame(frame: IncomingFrame): void {
    this.#inOrder(() => this.#pass(frame))
  }

  error(error: unknown): void {
    this.#inOrder(() => this.#events.error(error))
  }

  close(info: CloseInfo): void {
    this.#inOrder(() => this.#events.close(info))
  }

  /** Stops inflating: this side closes the link, and later frames are ignored. */
  closing(): void {
    this.#isClosing = true
  }

  #inOrder(event: () => void): void {
    if (this.#isInflating) this.#waiting.push(event)
    else event()
  }

  #pass(frame: IncomingFrame): void {
    if (this.#isClosing) return
    const bytes = typeof frame === "string" ? undefined : toUint8Array(frame)
    if (bytes?.[0] !== 0x1f || bytes[1] !== 0x8b) return this.#events.frame(frame)
    this.#isInflating = true
    // A frame that cannot be inflated is passed on unchanged: the serializer rejects it, and the socket reports that.
    void this.#inflate(bytes)
      .catch(() => frame)
      .then((inflated) => this.#goOn(inflated))
  }

  #goOn(inflated: IncomingFrame): void {
    this.#isInflating = false
    if (!this.#isClosing) this.#events.frame(inflated)
    while (!this.#isInflating && this.#waiting.length > 0) this.#waiting.shift()?.()
  }
}

/**
 * A transport that inflates gzip frames and keeps the order of all frames, for servers that compress large messages
 * themselves: `transport: gunzip(webSocket())`.
 */
export function gunzip(transport: Transport, options: GunzipOptions = {}): Transport {
  const { maxInflatedBytes = MAX_INFLATED_BYTES, inflate = inflateByStream } = options
  const inflateBounded = async (gzip: Uint8Array): Promise<Uint8Array> => {
    const inflated = await inflate(gzip, maxInflatedBytes)
    if (inflated.length > maxInflatedBytes) throw new RangeError(`more than ${maxInflatedBytes} bytes`)
    return inflated
  }
  return {
    name: transport.name,
    open(url, linkOptions, events) {
      if (inflate === inflateByStream && typeof DecompressionStream === "undefined") {
        throw new RookeryError("bad_option", "no DecompressionStream here; pass `inflate` to gunzip()")
      }
      const ordered = new OrderedEvents(events, inflateBounded)
      const link = transport.open(url, linkOptions, ordered)
      return {
        send: (frame) => link.send(frame),
        close(code, reason) {
          ordered.closing()
          link.close(code, reason)
        },
        get bufferedAmount() {
          return link.bufferedAmount
        },
      }
    },
  }
}
