import type { HeldBytes, Holder } from "./held-bytes.js"

/** What the bytes are of that a socket keeps. */
type Kind = "push" | "join" | "broadcast" | "ownBroadcast"

/** Bytes of memory that are counted until they are given back. */
export class Receipt {
  #kept: KeptBytes | undefined
  readonly #kind: Kind
  readonly #bytes: number

  constructor(kept: KeptBytes, kind: Kind, bytes: number) {
    this.#kept = kept
    this.#kind = kind
    this.#bytes = bytes
  }

  /** Gives them back; a second time does nothing. */
  release(): void {
    this.#kept?.giveBack(this.#kind, this.#bytes)
    this.#kept = undefined
  }
}

const collected = new FinalizationRegistry<Receipt>((receipt) => receipt.release())

/**
 * Counts bytes for as long as an object is in memory. A handler that is still awaited when its channel or socket ends
 * keeps its payload; one whose promise is never settled has the payload collected with the promise.
 */
export function releaseWith(object: object, receipt: Receipt): void {
  collected.register(object, receipt)
}

/** How many bytes of memory one socket makes the endpoint keep, apart from what waits to be sent to it. */
export class KeptBytes implements Holder {
  readonly #held: HeldBytes
  readonly #tooMuch: () => void
  readonly #bytes: Record<Kind, number> = { push: 0, join: 0, broadcast: 0, ownBroadcast: 0 }
  #ended = false

  /** @param tooMuch ends the socket, because all sockets together hold too much and this one the most */
  constructor(held: HeldBytes, tooMuch: () => void) {
    this.#held = held
    this.#tooMuch = tooMuch
  }

  /** Of pushes that wait, or whose handler is awaited. */
  get pushes(): number {
    return this.#bytes.push
  }

  /** Of params of joins. */
  get joins(): number {
    return this.#bytes.join
  }

  /** Of broadcasts that wait for `intercept`. */
  get broadcasts(): number {
    return this.#bytes.broadcast + this.#bytes.ownBroadcast
  }

  /** All that no other socket is counted for. */
  get heldBytes(): number {
    return this.#bytes.push + this.#bytes.join + this.#bytes.ownBroadcast
  }

  giveUp(): void {
    this.#tooMuch()
  }

  /** Counts bytes; a `broadcast` that no other socket was counted for before is an `ownBroadcast`. */
  keep(kind: Kind, bytes: number): Receipt {
    this.#bytes[kind] += bytes
    if (kind !== "broadcast") this.#held.note(this)
    return new Receipt(this, kind, bytes)
  }

  /** Called by the receipt. */
  giveBack(kind: Kind, bytes: number): void {
    this.#bytes[kind] -= bytes
    if (this.#ended && kind !== "broadcast") this.#held.leave(-bytes)
  }

  /** The socket has ended: what handlers still keep of it counts for the endpoint as a whole. */
  end(): void {
    this.#ended = true
    this.#held.forget(this)
    this.#held.leave(this.heldBytes)
  }
}
