import { networkOf } from "../support/ip-address.js"
import { randomId } from "../support/random-id.js"
import type { Payer } from "./retry-accounts.js"

/** The shortest id of a push that is accepted as a secret. Rookery's client makes ids of 22 random characters. */
const SECRET_CHARACTERS = 20

/**
 * An anonymous client can make any number of ids and connections, but has few addresses. A client that uses up the
 * share of its address leaves room for clients of other addresses.
 */
const ADDRESS_SHARE = 1 / 8
/**
 * The other half is reserved for clients with an id: no number of anonymous clients can take `retry` away from them.
 */
const ANONYMOUS_SHARE = 1 / 2

/** The properties of a socket that identify its client. */
export interface RetrySocket {
  readonly id: string | null
  readonly address: string | undefined
  readonly limits: { readonly retryBytes: number }
}

/**
 * Decides how the pushes of one connection that may be sent twice are named, and which accounts are charged for them.
 *
 * - A client with an id from `connect` is identified by it, on every connection and at every path, as for `disconnect`
 *   and
 *   `kick`.
 * - An anonymous client has no id, and its push must be found again on its next connection. So the id of the push is the
 *   proof, like a session token: Rookery's client makes it of 128 random bits and sends it only to the server. Handlers
 *   get a digest of it, so an application that shows the digest to others reveals nothing.
 * - An anonymous client with shorter ids, which others might guess, is identified by its connection: its pushes take
 *   effect
 *   once on that connection, and count as new on the next one.
 */
export class RetryIdentity {
  /** The accounts that are charged for each remembered push. Each has a limit of its own. */
  readonly payers: readonly Payer[]
  readonly #id: string | null
  readonly #connection: string
  readonly #sha256: (text: string) => string

  constructor({ id, address, limits }: RetrySocket, heldRetryBytes: number, sha256: (text: string) => string) {
    this.#sha256 = sha256
    this.#id = id
    // Random, so that no other node has the same name for another connection.
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

  /**
   * The key of a push: the same on all nodes and at each sending, and different from that of any other client's push.
   */
  nameOf(topic: string, event: string, id: string): string {
    const owner = this.#id !== null ? [this.#id] : id.length < SECRET_CHARACTERS ? [null, this.#connection] : [null]
    return this.#sha256(JSON.stringify([...owner, [topic, event, id]])).slice(0, 32)
  }
}
