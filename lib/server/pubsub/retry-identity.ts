import { networkOf } from "../support/ip-address.js"
import { randomId } from "../support/random-id.js"
import type { Payer } from "./retry-accounts.js"

/** The least length of an id that an anonymous client can be known by. Clients of Rookery make 22 random characters. */
const SECRET_CHARACTERS = 20

/**
 * Anonymous clients make as many ids and connections as they like, but have few addresses. A client that fills the share
 * of its address leaves room for those of others for the minutes until it is free again.
 */
const ADDRESS_SHARE = 1 / 8
/** Clients that `connect` gave an id always have the other half: no number of strangers takes `retry` away from them. */
const ANONYMOUS_SHARE = 1 / 2

/** The socket of a client, as far as it says who the client is. */
export interface RetrySocket {
  readonly id: string | null
  readonly address: string | undefined
  readonly limits: { readonly retryBytes: number }
}

/**
 * Whose the pushes of one connection are that may come twice: what they are named, and who pays for remembering them.
 *
 * - A client that `connect` gave an id is that id, on every connection and at every path, as for `disconnect` and `kick`.
 * - An anonymous client is known by nothing but what it sends, and its push has to be found again on its next
 *   connection. So the id of the push is the proof, like a session token: clients of Rookery make it of 128 random bits
 *   and send it to nobody but the server. Handlers get a digest, so an application that shows it to others gives nothing
 *   away.
 * - An anonymous client whose ids are shorter, so that others might guess them, is its connection: its pushes take
 *   effect once there, and are new on its next connection.
 */
export class RetryIdentity {
  /** Each has its limit. What is remembered for one push is paid for by all of these. */
  readonly payers: readonly Payer[]
  readonly #id: string | null
  readonly #connection: string
  readonly #sha256: (text: string) => string

  constructor({ id, address, limits }: RetrySocket, heldRetryBytes: number, sha256: (text: string) => string) {
    this.#sha256 = sha256
    this.#id = id
    // Other nodes must not have the same name for another connection.
    this.#connection = id === null ? randomId() : ""
    const all = { name: "all", limit: "heldRetryBytes", bytes: heldRetryBytes } as const
    const own = { limit: "retryBytes", bytes: limits.retryBytes } as const
    if (id === null) {
      const network = address === undefined ? "unknown" : networkOf(address)
      const share = heldRetryBytes * ADDRESS_SHARE
      this.payers = [
        { name: `connection ${this.#connection}`, ...own },
        { name: `address ${network}`, limit: "heldRetryBytes", bytes: share },
        { name: "anonymous", limit: "heldRetryBytes", bytes: heldRetryBytes * ANONYMOUS_SHARE },
        all,
      ]
    } else {
      this.payers = [{ name: `id ${id}`, ...own }, all]
    }
  }

  /** Names a push, the same on all nodes and at each sending. No other client's push has that name. */
  nameOf(topic: string, event: string, id: string): string {
    const owner = this.#id !== null ? [this.#id] : id.length < SECRET_CHARACTERS ? [null, this.#connection] : [null]
    return this.#sha256(JSON.stringify([...owner, [topic, event, id]])).slice(0, 32)
  }
}
