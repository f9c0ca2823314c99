import type { Clock } from "../../protocol/clock.js"
import { PHX_REPLY } from "../../protocol/events.js"
import type { Reply } from "../../protocol/message.js"
import { msgpack } from "../../serializer/msgpack.js"
import type { Claim, MaybePromise } from "../api/cluster.js"
import type { Runtime } from "../api/runtime.js"
import { backgroundTimer } from "../../protocol/background-timer.js"
import { Refused } from "../api/reply.js"
import { RetryAccounts, type Payer } from "./retry-accounts.js"
import { RetryIdentity, type RetrySocket } from "./retry-identity.js"
import { isPromise } from "../support/call-user-code.js"

/** The time for which a push is remembered after its answer. */
const KEEP_MS = 300_000
/** The time after which a push is free again if its node is silent. */
const CLAIM_MS = 15_000
/** The interval at which a node renews its claim while a handler runs. */
const RENEW_MS = 5_000
/** The longest time that a push waits for the outcome of its first sending. */
const PATIENCE_MS = 30_000
/** The interval between two looks for that outcome, at first and later. */
const LOOK_AGAIN_MS = 100
const LOOK_LATE_MS = 2_000
/** The most sendings that wait for a late answer at once: about as many as a deploy brings back. */
const MAX_WAITING = 10_000
/** Longer than the ids of any known client. */
const MAX_ID_CHARACTERS = 128

// MessagePack and not JSON, because an answer may carry bytes.
const { encode, decode } = msgpack().server

/** The outcome of the first sending of a push, as it is stored. */
type Outcome =
  /** The handler answered. */
  | ({ readonly kind: "answer" } & Reply)
  /** The handler gave no answer. */
  | { readonly kind: "silence" }
  /** The handler has returned, and answers later by `replyTo`. */
  | { readonly kind: "later" }
  /** The handler answered, and there was no room to keep the answer. */
  | { readonly kind: "not kept" }

function write(payload: Outcome): Uint8Array {
  const bytes = encode({ join_ref: null, ref: null, topic: "", event: PHX_REPLY, payload }) as Uint8Array
  // A copy, because the encoder returns a view into a buffer shared with other frames, which would be kept as a whole.
  return new Uint8Array(bytes)
}

const read = (bytes: Uint8Array): Outcome => decode(bytes).payload as Outcome

/** Stores the outcomes of pushes for all nodes. */
export interface OutcomeStore {
  claim(key: string, claimMs: number): MaybePromise<Claim>
  renew(key: string, claimMs: number): MaybePromise<void>
  settle(key: string, outcome: Uint8Array, keepMs: number): MaybePromise<void>
  release(key: string): MaybePromise<void>
}

/** Options of a {@link PushDeduplication}. */
export interface PushDeduplicationOptions {
  readonly store: OutcomeStore
  readonly runtime: Pick<Runtime, "clock" | "sha256">
  readonly heldRetryBytes: number
  /** Called when the store fails. The push then waits, or its outcome is stored later. */
  failed(error: unknown, where: string): void
}

/** One sending of a push that the client may send twice. */
export interface Sending {
  readonly socket: RetrySocket
  readonly topic: string
  readonly event: string
  /** The id that the client sent. */
  readonly id: string
  /** Called when a limit prevents that the push, or its answer, is remembered. */
  onLimit(limit: Payer["limit"]): void
}

/** The decision on one sending of a push. */
export type Verdict =
  /** It is the first: run the handler and report its outcome. */
  | { readonly kind: "run"; readonly push: FirstSending }
  /** It was handled before: send this answer. */
  | ({ readonly kind: "answer" } & Reply)
  /** It was handled before, without an answer. */
  | { readonly kind: "silence" }
  /** It was handled before, and its answer may still come. Resolves with `undefined` if it does not. */
  | { readonly kind: "later"; readonly reply: Promise<Reply | undefined> }

/** The first sending of a push, whose handler runs on this node. Exactly one outcome must be reported. */
export interface FirstSending {
  /** Identifies the push for its handler; the same at each sending. */
  readonly id: string
  /** The handler has answered. Throws a `SerializerError` if the answer cannot be encoded. */
  answer(reply: Reply): void
  /** The handler has returned without an answer; with `later` it may still give one. */
  silence(later: boolean): void
  /** The push had no effect: its next sending counts as the first. */
  release(): void
}

/** A push of this node whose outcome is not known, or not stored yet. */
interface Open {
  readonly key: string
  readonly since: number
  readonly onLimit: (limit: Payer["limit"]) => void
  outcome: Uint8Array | undefined
}

/**
 * Lets pushes that a client may send twice take effect once: the outcome of the first sending is stored for five
 * minutes, for all nodes. While a handler runs its node renews the claim, so another node handles the push only if this
 * one dies.
 */
export class PushDeduplication {
  readonly #store: OutcomeStore
  readonly #failed: (error: unknown, where: string) => void
  readonly #clock: Clock
  readonly #sha256: (text: string) => string
  readonly #heldRetryBytes: number
  readonly #accounts: RetryAccounts
  readonly #identities = new WeakMap<RetrySocket, RetryIdentity>()
  readonly #open = new Map<string, Open>()
  /** Wakes the newest sending that waits for the answer of an earlier one, by the key of the push. */
  readonly #waiting = new Map<string, () => void>()
  #timer: unknown

  constructor({ store, runtime, heldRetryBytes, failed }: PushDeduplicationOptions) {
    const { clock } = runtime
    this.#store = store
    this.#failed = failed
    this.#sha256 = runtime.sha256
    this.#clock = clock
    this.#heldRetryBytes = heldRetryBytes
    this.#accounts = new RetryAccounts(clock)
  }

  /** The number of pushes that this node remembers. */
  get size(): number {
    return this.#accounts.size
  }

  /**
   * Decides what to do with a push. Waits while the handler of the first sending runs. Refuses the push if its state
   * cannot be learned, or if too many pushes of its client are remembered.
   */
  async take(sending: Sending): Promise<Verdict> {
    const { socket, topic, event, id } = sending
    if (id.length > MAX_ID_CHARACTERS) throw new Refused({ reason: "push id too long" })
    const identity = this.#identityOf(socket)
    const key = identity.nameOf(topic, event, id)
    let failed = false
    const until = this.#clock.now() + PATIENCE_MS
    while (this.#clock.now() < until) {
      let claim: Claim | undefined
      try {
        claim = await this.#store.claim(key, CLAIM_MS)
      } catch (error) {
        if (!failed) this.#failed(error, "claim")
        failed = true
      }
      if (claim?.kind === "new") return { kind: "run", push: this.#begin(key, identity, sending) }
      if (claim?.kind === "settled") return this.#repeat(key, read(claim.answer))
      await this.#sleep(LOOK_AGAIN_MS)
    }
    throw new Refused({ reason: "unavailable" })
  }

  #identityOf(socket: RetrySocket): RetryIdentity {
    let identity = this.#identities.get(socket)
    if (identity === undefined) {
      identity = new RetryIdentity(socket, this.#heldRetryBytes, this.#sha256)
      this.#identities.set(socket, identity)
    }
    return identity
  }

  #repeat(key: string, outcome: Outcome): Verdict {
    if (outcome.kind === "later") return { kind: "later", reply: this.#later(key) }
    if (outcome.kind === "not kept") throw new Refused({ reason: "answer not kept" })
    return outcome
  }

  #begin(key: string, { payers }: RetryIdentity, { onLimit }: Sending): FirstSending {
    const poor = this.#accounts.open(key, payers)
    if (poor !== undefined) {
      this.#unawaited(this.#store.release(key), "release")
      onLimit(poor.limit)
      throw new Refused({ reason: "too many retries" })
    }
    const open: Open = { key, since: this.#clock.now(), onLimit, outcome: undefined }
    this.#watch(open)
    let expected = true
    return {
      id: key,
      answer: (reply) => {
        if (!expected) return
        this.#answered(open, write({ ...reply, kind: "answer" }))
        expected = false
      },
      silence: (later) => {
        if (!expected) return
        this.#settle(open, write({ kind: later ? "later" : "silence" }))
        expected = later
      },
      release: () => {
        if (!expected) return
        expected = false
        this.#forget(open)
        this.#accounts.close(key)
        this.#unawaited(this.#store.release(key), "release")
      },
    }
  }

  #answered(open: Open, answer: Uint8Array): void {
    const { key, onLimit } = open
    // The answer came so late that the push is no longer remembered.
    if (!this.#accounts.has(key)) return
    const poor = this.#accounts.add(key, answer.byteLength)
    if (poor !== undefined) onLimit(poor.limit)
    this.#settle(open, poor === undefined ? answer : write({ kind: "not kept" }))
    this.#waiting.get(key)?.()
  }

  #settle(open: Open, outcome: Uint8Array): void {
    open.outcome = outcome
    this.#watch(open)
    this.#accounts.keep(open.key, this.#clock.now() + KEEP_MS)
    this.#put(open, outcome)
  }

  /** Stores an outcome. If the store cannot be reached, it is tried again for as long as the outcome is remembered. */
  #put(open: Open, outcome: Uint8Array): void {
    const stored = this.#store.settle(open.key, outcome, KEEP_MS)
    const done = (): void => {
      if (open.outcome === outcome) this.#forget(open)
    }
    if (!isPromise(stored)) return done()
    stored.then(done, (error: unknown) => this.#failed(error, "settle"))
  }

  #watch(open: Open): void {
    this.#open.set(open.key, open)
    if (this.#timer === undefined) this.#timer = backgroundTimer(this.#clock, this.#renew, RENEW_MS)
  }

  #forget(open: Open): void {
    if (this.#open.get(open.key) === open) this.#open.delete(open.key)
  }

  /** Renews the claim of every push whose handler still runs, and stores outcomes that could not be stored before. */
  readonly #renew = (): void => {
    this.#timer = undefined
    const now = this.#clock.now()
    for (const open of [...this.#open.values()]) {
      const { key, since, outcome } = open
      if (now - since > KEEP_MS) {
        // A handler that never ends must not take from its client's limit for ever.
        this.#forget(open)
        if (outcome === undefined) this.#accounts.close(key)
      } else if (outcome === undefined) this.#unawaited(this.#store.renew(key, CLAIM_MS), "claim")
      else this.#put(open, outcome)
    }
    if (this.#open.size > 0) this.#timer = backgroundTimer(this.#clock, this.#renew, RENEW_MS)
  }

  /** Waits for the late answer of a handler that has returned. A later sending of the same push ends this wait. */
  async #later(key: string): Promise<Reply | undefined> {
    if (this.#waiting.size >= MAX_WAITING && !this.#waiting.has(key)) return undefined
    this.#waiting.get(key)?.()
    let wake = (): void => {}
    const mine = (): void => wake()
    this.#waiting.set(key, mine)
    const until = this.#clock.now() + PATIENCE_MS
    for (let pause = LOOK_AGAIN_MS; this.#clock.now() < until; pause = Math.min(2 * pause, LOOK_LATE_MS)) {
      await new Promise<void>((resolve) => {
        const timer = this.#clock.setTimeout(resolve, pause)
        wake = () => {
          this.#clock.clearTimeout(timer)
          resolve()
        }
      })
      if (this.#waiting.get(key) !== mine) return undefined
      const outcome = await this.#look(key)
      if (outcome?.kind === "later") continue
      this.#waiting.delete(key)
      return outcome?.kind === "answer" ? outcome : undefined
    }
    if (this.#waiting.get(key) === mine) this.#waiting.delete(key)
    return undefined
  }

  /** Reads the current outcome of a push. If the store cannot be reached the outcome may still come: `later`. */
  async #look(key: string): Promise<Outcome | undefined> {
    try {
      const claim = await this.#store.claim(key, CLAIM_MS)
      if (claim.kind === "settled") return read(claim.answer)
      if (claim.kind === "pending") return { kind: "later" }
      await this.#store.release(key)
      return undefined
    } catch (error) {
      this.#failed(error, "claim")
      return { kind: "later" }
    }
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void backgroundTimer(this.#clock, resolve, ms))
  }

  #unawaited(done: MaybePromise<void>, where: string): void {
    if (isPromise(done)) done.then(undefined, (error: unknown) => this.#failed(error, where))
  }
}
