import type { Clock } from "../protocol/clock.js"
import { PHX_REPLY } from "../protocol/events.js"
import type { Reply } from "../protocol/message.js"
import { msgpack } from "../serializer/msgpack.js"
import type { Node } from "./node.js"
import { Refused } from "./reply.js"

/** How long an answer is kept for who asks again. */
const KEEP_MS = 300_000
/** How long a handler has a push for itself before it counts as lost with its node. */
const CLAIM_MS = 15_000
/** How soon it is looked again whether another node is through with a push, or the cluster is back. */
const LOOK_AGAIN_MS = 100

// Not JSON: an answer may carry bytes.
const { encode, decode } = msgpack().server

const write = (payload: Reply): Uint8Array =>
  encode({ join_ref: null, ref: null, topic: "", event: PHX_REPLY, payload }) as Uint8Array

/** Pushes that a client may send twice, and that take effect once: the answers are kept for a while, for all nodes. */
export class Once {
  readonly #node: Node
  readonly #clock: Clock

  constructor(node: Node, clock: Clock) {
    this.#node = node
    this.#clock = clock
  }

  /**
   * The answer that the push had, or `undefined` if it is new and its answer is now up to the caller. Waits for whoever
   * is at it, and refuses when nobody can know.
   */
  async take(key: string): Promise<Reply | undefined> {
    for (let waited = 0; waited < 2 * CLAIM_MS; waited += LOOK_AGAIN_MS) {
      try {
        const claim = await this.#node.claim(key, CLAIM_MS)
        if (claim.kind === "new") return undefined
        if (claim.kind === "settled") return decode(claim.answer).payload as Reply
      } catch (error) {
        this.#node.failed(error, "claim")
      }
      await new Promise<void>((resolve) => this.#clock.setTimeout(resolve, LOOK_AGAIN_MS))
    }
    throw new Refused({ reason: "unavailable" })
  }

  /** Keeps the answer of a push that was new. */
  settle(key: string, reply: Reply): void {
    this.#node.settle(key, write(reply), KEEP_MS)
  }

  /** Gives a push that was new back: it took no effect. */
  release(key: string): void {
    this.#node.release(key)
  }
}
