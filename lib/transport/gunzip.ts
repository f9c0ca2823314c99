import { concatBytes, toUint8Array } from "../protocol/bytes.js"
import { RookeryError } from "../protocol/errors.js"
import type { IncomingFrame } from "../protocol/frame.js"
import type { CloseInfo, LinkEvents, LinkTraits, Transport } from "./transport.js"

/** Inflates gzip, and throws or rejects if the bytes are broken or make more than `maxBytes`. */
export type Inflate = (gzip: Uint8Array, maxBytes: number) => Uint8Array | PromiseLike<Uint8Array>

/** Options of {@link gunzip}. */
export interface GunzipOptions {
  /**
   * Bytes that one frame may inflate to. A kilobyte of gzip can become a megabyte.
   *
   * @default 16_777_216: more than any message that a server sends on purpose
   */
  maxInflatedBytes?: number | undefined
  /**
   * Inflates in place of the platform, where there is no `DecompressionStream`, as in React Native.
   *
   * @default DecompressionStream
   */
  inflate?: Inflate | undefined
}

const MAX_INFLATED_BYTES = 16_777_216

/** Inflates with the means of the platform, and reads no further than `maxBytes`. */
async function inflateByStream(gzip: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  const { readable, writable } = new DecompressionStream("gzip")
  const writer = writable.getWriter()
  // Both reject for broken bytes as the reader does, and nothing else waits for them.
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

/** Passes the events of a link on in their order, although a frame of gzip takes longer than those behind it. */
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

  /** Inflates nothing more: this side closes the link, and frames that come after that reach nobody. */
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
    // A frame that cannot be inflated goes on as it is: the serializer refuses it, and the socket reports that.
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
 * A transport whose frames of gzip arrive inflated, in their order among the others, for servers that compress large
 * messages by themselves: `transport: gunzip(webSocket())`.
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
        throw new RookeryError("bad_option", "no DecompressionStream here; give gunzip() an `inflate`")
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
