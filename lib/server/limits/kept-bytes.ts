import type { HeldBytes, Holder } from "./held-bytes.js"

/** The kinds of bytes that a socket keeps. */
type Kind = "push" | "join" | "broadcast" | "ownBroadcast"

/** Bytes of memory that count until they are released. */
export class Receipt {
  #kept: KeptBytes | undefined
  readonly #kind: Kind
  readonly #bytes: number

  constructor(kept: KeptBytes, kind: Kind, bytes: number) {
    this.#kept = kept
    this.#kind = kind
    this.#bytes = bytes
  }

  /** Releases the bytes. A second call does nothing. */
  release(): void {
    this.#kept?.giveBack(this.#kind, this.#bytes)
    this.#kept = undefined
  }
}

const collected = new FinalizationRegistry<Receipt>((receipt) => receipt.release())

/**
 * Releases bytes when an object is garbage-collected. A handler that is still awaited when its channel or socket ends
 * keeps its payload in memory; if its promise never settles, the payload is collected together with the promise.
 */
export function releaseWith(object: object, receipt: Receipt): void {
  collected.register(object, receipt)
}

/** A socket, from the view of the bytes that it keeps. */
export interface KeptFor {
  /** Closes the socket: all sockets together hold too much, and this one holds the most. */
  giveUp(): void
}

/** The bytes of memory that one socket makes the endpoint keep, except those that wait to be sent to it. */
export class KeptBytes implements Holder {
  readonly #held: HeldBytes
  readonly #socket: KeptFor
  readonly #bytes: Record<Kind, number> = { push: 0, join: 0, broadcast: 0, ownBroadcast: 0 }
  #ended = false

  constructor(held: HeldBytes, socket: KeptFor) {
    this.#held = held
    this.#socket = socket
  }

  /** The bytes of pushes that wait, or whose handler is awaited. */
  get pushes(): number {
    return this.#bytes.push
  }

  /** The bytes of the params of joins. */
  get joins(): number {
    return this.#bytes.join
  }

  /** The bytes of broadcasts that wait for `intercept`. */
  get broadcasts(): number {
    return this.#bytes.broadcast + this.#bytes.ownBroadcast
  }

  /** The bytes that count for no other socket. */
  get heldBytes(): number {
    return this.#bytes.push + this.#bytes.join + this.#bytes.ownBroadcast
  }

  giveUp(): void {
    this.#socket.giveUp()
  }

  /** Counts bytes. A broadcast that does not count for another socket yet is an `ownBroadcast`. */
  keep(kind: Kind, bytes: number): Receipt {
    this.#bytes[kind] += bytes
    if (kind !== "broadcast") {
      // A handler that ends its own connection and then returns a promise keeps its push after the end.
      if (this.#ended) this.#held.leave(bytes)
      else this.#held.note(this)
    }
    return new Receipt(this, kind, bytes)
  }

  /** Called by the receipt. */
  giveBack(kind: Kind, bytes: number): void {
    this.#bytes[kind] -= bytes
    if (this.#ended && kind !== "broadcast") this.#held.leave(-bytes)
  }

  /** The socket has ended: the bytes that its handlers still keep now count for the endpoint as a whole. */
  end(): void {
    this.#ended = true
    this.#held.forget(this)
    this.#held.leave(this.heldBytes)
  }
}
