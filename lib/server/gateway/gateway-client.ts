import type { Loose } from "../../protocol/contract.js"
import { INTERNAL_ERROR, isSendableCloseCode, NORMAL, POLICY_VIOLATION, TOO_BIG } from "../../protocol/close-codes.js"
import { RookeryError, SerializerError } from "../../protocol/errors.js"
import type { LimitName } from "../../protocol/limits.js"
import { toUint8Array } from "../../protocol/bytes.js"
import { weigh } from "../../protocol/weight.js"
import type { Frame, IncomingFrame } from "../../serializer/serializer.js"
import type { AnyGatewayClient } from "../api/any-gateway-client.js"
import type { SocketLimits } from "../api/socket-limits.js"
import { parseShallowJson } from "../../serializer/decode-text.js"
import { assertLight } from "../../serializer/json-weight.js"
import { ownView } from "../../serializer/own-bytes.js"
import { frameOf } from "./gateway-frame.js"
import type { MaybePromise } from "../api/handlers.js"
import type { HeldBytes } from "../limits/held-bytes.js"
import { KeptBytes, releaseWith, type Receipt } from "../limits/kept-bytes.js"
import type { ServerLink } from "../api/server-link.js"
import type { SharedFrame } from "../api/shared-frame.js"
import { isPromise } from "../support/call-user-code.js"
import type { SocketSetup } from "../admission/socket-setup.js"
import { TokenBucket } from "../limits/token-bucket.js"
import type { Turns } from "../limits/turns.js"

/** A message that waits for the handler of an earlier one. */
interface Waiting {
  readonly data: unknown
  readonly receipt: Receipt
}

/** The handlers of a gateway. */
export interface GatewayHandlers<Assigns = Loose> {
  /**
   * Whether text is parsed as JSON. Invalid JSON is reported to `onError`.
   *
   * @default false
   */
  json?: boolean
  /** A client has connected. */
  onOpen?: (client: GatewayClient<Assigns>) => MaybePromise<unknown>
  /**
   * A client has sent a message: a string, bytes, or with `json` the parsed value. The messages of one client are
   * handled one at a time; an async handler is awaited before the next message.
   */
  onMessage?: (data: Loose, client: GatewayClient<Assigns>) => MaybePromise<unknown>
  /** A client has disconnected, or was closed. */
  onClose?: (client: GatewayClient<Assigns>, code: number) => MaybePromise<unknown>
  /**
   * A handler threw, or a client sent invalid JSON. The client stays connected.
   *
   * @default the error is logged
   */
  onError?: (error: unknown, client: GatewayClient<Assigns>) => void
}

/** The parts of a gateway that its clients need. @internal */
export interface GatewayHost<Assigns> {
  readonly path: string
  readonly handlers: GatewayHandlers<Assigns>
  readonly held: HeldBytes
  readonly turns: Turns
  limitHit(limit: LimitName, address: string | undefined): void
  failed(error: unknown): void
  /** The date, in milliseconds since 1970. */
  date(): number
  received(client: GatewayClient<Assigns>, frame: Frame): void
  sent(client: GatewayClient<Assigns>, frame: Frame): void
  left(client: GatewayClient<Assigns>, code: number): void
}

/** One client of a gateway. It is also the transport's `SocketEnd`; the members for that are internal. */
export class GatewayClient<Assigns = Loose> implements AnyGatewayClient {
  /** The id that `connect` returned. */
  readonly id: string | null
  /** The negotiated subprotocol, if any. */
  readonly subprotocol: string | null
  /** When it connected, in milliseconds since 1970. */
  readonly connectedAt: number
  /** The data about the client that `connect` returned; change it freely. */
  assigns: Assigns
  readonly #host: GatewayHost<Assigns>
  readonly #link: ServerLink
  readonly #limits: SocketLimits
  #bucket: TokenBucket | undefined
  /** Messages that wait until the running handler ends, in order. */
  #waiting: Waiting[] = []
  /** Whether a handler is awaited. */
  #running = false
  readonly #kept: KeptBytes
  #open = true

  /** @internal */
  constructor(host: GatewayHost<Assigns>, link: ServerLink, setup: SocketSetup) {
    this.#host = host
    this.#link = link
    this.id = setup.id
    this.subprotocol = setup.subprotocol ?? null
    this.connectedAt = host.date()
    this.assigns = setup.assigns as Assigns
    this.#limits = setup.limits
    this.#kept = new KeptBytes(host.held, this)
  }

  /** The path of the gateway. */
  get path(): string {
    return this.#host.path
  }

  /** The client's IP address, read from proxy headers as far as `trustProxy` allows. */
  get address(): string | undefined {
    return this.#link.address
  }

  get connected(): boolean {
    return this.#open
  }

  /** Whether a handler is awaited, or messages wait for one. */
  get busy(): boolean {
    return this.#running || this.#waiting.length > 0
  }

  /**
   * Sends a message: strings and bytes as they are, any other value as JSON. Does nothing after the client has gone.
   *
   * @throws a `SerializerError` if the value cannot be written as JSON
   */
  send(data: unknown): void {
    const frame = frameOf(data)
    if (!this.#open) return
    this.#host.sent(this, frame)
    this.#link.send(frame)
  }

  /**
   * Closes the connection. A close frame carries a reason of at most 123 bytes of UTF-8: a longer one is cut between
   * two characters.
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

  /** Sends a frame that other clients get as well; `false` if it was dropped because the client is slow. @internal */
  share(shared: SharedFrame): boolean {
    return this.#open && this.#link.broadcast(shared)
  }

  /** @internal */
  start(): void {
    const { onOpen } = this.#host.handlers
    if (onOpen !== undefined) this.#run(() => onOpen(this))
  }

  /** A gateway has no Phoenix socket. @internal */
  get socket(): undefined {
    return undefined
  }

  /** @internal */
  limitHit(limit: LimitName): void {
    this.#host.limitHit(limit, this.address)
  }

  /** @internal */
  tryReceive(frame: IncomingFrame): boolean {
    this.receive(frame)
    return true
  }

  /** @internal */
  receive(incoming: IncomingFrame): void {
    if (!this.#open) return
    const frame = typeof incoming === "string" ? incoming : toUint8Array(incoming)
    this.#host.received(this, frame)
    if (!this.#allowMessage()) return
    const data = this.#read(frame)
    if (data === undefined) return
    if (this.busy) this.#hold(data)
    else this.#handle(data)
  }

  /** Handles waiting messages, as long as this turn of the event loop has time. @internal */
  work(): boolean {
    while (!this.#running && this.#waiting.length > 0 && !this.#host.turns.isSpent()) {
      const { data, receipt } = this.#waiting.shift() as Waiting
      receipt.release()
      this.#handle(data)
    }
    return !this.#running && this.#waiting.length > 0
  }

  /** @internal */
  closed(code: number): void {
    if (!this.#open) return
    this.#open = false
    this.#host.turns.remove(this)
    for (const { receipt } of this.#waiting) receipt.release()
    this.#waiting = []
    this.#kept.end()
    this.#host.left(this, code)
    const { onClose } = this.#host.handlers
    if (onClose !== undefined) this.#run(() => onClose(this, code))
  }

  /** @internal */
  giveUp(): void {
    this.#tooMuch("heldBytes")
  }

  /** @internal */
  fail(error: unknown): void {
    this.#host.failed(error)
    this.close(INTERNAL_ERROR)
  }

  #allowMessage(): boolean {
    const { pushesPerSecond, pushBurst, pendingPushes } = this.#limits
    if (pushesPerSecond !== Infinity) {
      this.#bucket ??= new TokenBucket(pushesPerSecond, pushBurst)
      if (!this.#bucket.take()) return this.#tooMuch("pushesPerSecond")
    }
    return this.#waiting.length < pendingPushes || this.#tooMuch("pendingPushes")
  }

  /**
   * Queues a message, counted by its memory: eight messages of one megabyte of `{},` take 180 megabytes once parsed.
   */
  #hold(data: unknown): void {
    const { pendingBytes } = this.#limits
    const kept = data instanceof Uint8Array ? ownView(data) : data
    const weight = weigh(kept, pendingBytes)
    if (this.#kept.pushes + weight > pendingBytes) return void this.#tooMuch("pendingBytes")
    this.#waiting.push({ data: kept, receipt: this.#kept.keep("push", weight) })
  }

  /** Closes a client that hit a limit. A gateway has no replies that could tell the client, as a channel has. */
  #tooMuch(limit: LimitName): false {
    this.#host.limitHit(limit, this.address)
    if (limit === "messageWeight") this.close(TOO_BIG, "message too large")
    else this.close(POLICY_VIOLATION, "too many messages")
    return false
  }

  #read(frame: string | Uint8Array): unknown {
    if (typeof frame !== "string" || !this.#host.handlers.json) return frame
    try {
      return parseShallowJson(frame, this.#limits.messageWeight, assertLight)
    } catch (cause) {
      if ((cause as SerializerError).code === "too_heavy") return void this.#tooMuch("messageWeight")
      // The parser's own message quotes the client's text, which must not get into the log.
      this.#failed(new SerializerError("bad_frame", "a client sent invalid JSON", (cause as SerializerError).at))
      return undefined
    }
  }

  #handle(data: unknown): void {
    const { onMessage } = this.#host.handlers
    if (onMessage !== undefined) this.#run(() => onMessage(data, this), data)
  }

  /** Calls a handler, and handles the messages that wait once its promise settles. */
  #run(call: () => unknown, data?: unknown): void {
    try {
      const result = call()
      if (!isPromise(result)) return
      this.#running = true
      const receipt = this.#kept.keep("push", data === undefined ? 0 : weigh(data, this.#limits.messageWeight))
      // For a promise that never settles, the bytes are released when the promise is garbage-collected.
      releaseWith(result, receipt)
      const settle = (): void => {
        receipt.release()
        this.#settled()
      }
      Promise.resolve(result)
        .catch((error: unknown) => this.#failed(error))
        .then(settle, settle)
    } catch (error) {
      this.#failed(error)
    }
  }

  #settled(): void {
    this.#running = false
    if (this.#open && this.work()) this.#host.turns.add(this)
  }

  #failed(error: unknown): void {
    const { onError } = this.#host.handlers
    if (onError === undefined) return this.#host.failed(error)
    try {
      onError(error, this)
    } catch (cause) {
      this.#host.failed(cause)
    }
  }
}
