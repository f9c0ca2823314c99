import type { Loose } from "../protocol/contract.js"
import { INTERNAL_ERROR, isSendableCloseCode, NORMAL, POLICY_VIOLATION } from "../protocol/close-codes.js"
import { RookeryError, SerializerError } from "../protocol/errors.js"
import type { Frame } from "../serializer/serializer.js"
import type { SocketLimits } from "./context.js"
import { parseShallowJson } from "../serializer/decode-text.js"
import { frameOf } from "./gateway-frame.js"
import type { GatewayOptions } from "./gateway-options.js"
import type { ServerLink, SharedFrame } from "./link.js"
import { isPromise } from "./run.js"
import type { SocketSetup } from "./socket-process.js"
import { TokenBucket } from "./token-bucket.js"

type GatewayLimit = "pushesPerSecond" | "pendingPushes" | "pendingBytes" | "heldBytes"

/** What a client needs of its gateway. @internal */
export interface GatewayHost<Assigns> {
  readonly options: GatewayOptions<Assigns>
  limitHit(limit: GatewayLimit, address: string | undefined): void
  failed(error: unknown): void
  received(bytes: number): void
  /** More waits for it than did. */
  waits(client: GatewayClient<Assigns>): void
  left(client: GatewayClient<Assigns>): void
}

/** One client of a gateway. */
export class GatewayClient<Assigns = Loose> {
  /** What `connect` called it. */
  readonly id: string | null
  /** The subprotocol that was agreed on, if any. */
  readonly subprotocol: string | null
  /** What `connect` knows of it; yours to change. */
  assigns: Assigns
  readonly #host: GatewayHost<Assigns>
  readonly #link: ServerLink
  readonly #limits: SocketLimits
  readonly #released: (() => void) | undefined
  #bucket: TokenBucket | undefined
  /** What waits for the handler that runs, in order. */
  #waiting: { readonly data: unknown; readonly bytes: number }[] = []
  #waitingBytes = 0
  #busy = false
  #open = true

  /** @internal */
  constructor(host: GatewayHost<Assigns>, link: ServerLink, setup: SocketSetup) {
    this.#host = host
    this.#link = link
    this.id = setup.id
    this.subprotocol = setup.subprotocol ?? null
    this.assigns = setup.assigns as Assigns
    this.#limits = setup.limits
    this.#released = setup.released
  }

  /** Where the client is, as far as `trustProxy` lets anybody say. */
  get address(): string | undefined {
    return this.#link.address
  }

  get connected(): boolean {
    return this.#open
  }

  /** Whether a handler is at one of its messages. */
  get busy(): boolean {
    return this.#busy
  }

  /**
   * Sends: strings and bytes as they are, anything else as JSON. After the client has gone it does nothing.
   *
   * @throws a `SerializerError` for what JSON cannot carry
   */
  send(data: unknown): void {
    const frame = frameOf(data)
    if (this.#open) this.#link.send(frame)
  }

  /**
   * Closes the connection. A close frame carries a reason of at most 123 bytes of UTF-8: a longer one is cut between two
   * characters.
   *
   * @throws a `RookeryError` with the code `bad_option` for a close code that may not be sent
   */
  close(code: number = NORMAL, reason?: string): void {
    if (!isSendableCloseCode(code)) {
      throw new RookeryError(
        "bad_option",
        `close code ${code} may not be sent: use one from 4000 to 4999, or a code of RFC 6455 as 1000`,
      )
    }
    if (!this.#open) return
    this.#link.close(code, reason)
    this.closed(code)
  }

  /** Sends what others get too; `false` if it was left out for a slow client. @internal */
  share(shared: SharedFrame): boolean {
    return this.#open && this.#link.broadcast(shared)
  }

  /** Bytes of what waits for the handler. @internal */
  get heldBytes(): number {
    return this.#waitingBytes
  }

  /** @internal */
  giveUp(): void {
    this.#tooMuch("heldBytes")
  }

  /** @internal */
  start(): void {
    const { onOpen } = this.#host.options
    if (onOpen !== undefined) this.#run(() => onOpen(this))
  }

  /** @internal */
  receive(frame: Frame): void {
    if (!this.#open) return
    const bytes = frame.length
    this.#host.received(bytes)
    if (!this.#mayCome(bytes)) return
    const data = this.#read(frame)
    if (data === undefined) return
    if (!this.#busy) return this.#take(data)
    this.#waiting.push({ data, bytes })
    this.#waitingBytes += bytes
    this.#host.waits(this)
  }

  /** @internal */
  closed(code: number): void {
    if (!this.#open) return
    this.#open = false
    this.#waiting = []
    this.#waitingBytes = 0
    this.#host.left(this)
    this.#released?.()
    const { onClose } = this.#host.options
    if (onClose !== undefined) this.#run(() => onClose(this, code))
  }

  /** @internal */
  fail(error: unknown): void {
    this.#host.failed(error)
    this.close(INTERNAL_ERROR)
  }

  #mayCome(bytes: number): boolean {
    const { pushesPerSecond, pushBurst, pendingPushes, pendingBytes } = this.#limits
    if (pushesPerSecond !== Infinity) {
      this.#bucket ??= new TokenBucket(pushesPerSecond, pushBurst)
      if (!this.#bucket.take()) return this.#tooMuch("pushesPerSecond")
    }
    if (!this.#busy) return true
    if (this.#waiting.length >= pendingPushes) return this.#tooMuch("pendingPushes")
    return this.#waitingBytes + bytes <= pendingBytes || this.#tooMuch("pendingBytes")
  }

  /** There is no reply that could say so, as there is on a channel. */
  #tooMuch(limit: GatewayLimit): false {
    this.#host.limitHit(limit, this.address)
    this.close(POLICY_VIOLATION, "too many messages")
    return false
  }

  #read(frame: Frame): unknown {
    if (typeof frame !== "string" || !this.#host.options.json) return frame
    try {
      return parseShallowJson(frame)
    } catch (cause) {
      // What the parser says quotes what was sent, which is not for the log.
      this.#failed(new SerializerError("bad_frame", "a client sent what is no JSON", (cause as SerializerError).at))
      return undefined
    }
  }

  #take(data: unknown): void {
    const { onMessage } = this.#host.options
    if (onMessage !== undefined) this.#run(() => onMessage(data, this))
  }

  /** Calls something of the user's, and then what waits. */
  #run(call: () => unknown): void {
    try {
      const result = call()
      if (!isPromise(result)) return
      this.#busy = true
      const settle = (): void => this.#settled()
      Promise.resolve(result)
        .catch((error: unknown) => this.#failed(error))
        .then(settle, settle)
    } catch (error) {
      this.#failed(error)
    }
  }

  #settled(): void {
    this.#busy = false
    while (!this.#busy && this.#open) {
      const next = this.#waiting.shift()
      if (next === undefined) return
      this.#waitingBytes -= next.bytes
      this.#take(next.data)
    }
  }

  #failed(error: unknown): void {
    const { onError } = this.#host.options
    if (onError === undefined) return this.#host.failed(error)
    try {
      onError(error, this)
    } catch (cause) {
      this.#host.failed(cause)
    }
  }
}
