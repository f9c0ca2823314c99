import type { Clock } from "../../protocol/clock.js"
import { Deadlines } from "../support/deadlines.js"

/** The bytes that one remembered push takes in addition to its answer. Measured on Node 20, single node: 880. */
export const ENTRY_BYTES = 1000

/** An account that remembered pushes are charged to, up to a limit: a client, an address, or the whole endpoint. */
export interface Payer {
  readonly name: string
  /** The limit that the number of bytes comes from. */
  readonly limit: "retryBytes" | "heldRetryBytes"
  readonly bytes: number
}

interface Entry {
  readonly payers: readonly Payer[]
  bytes: number
}

/**
 * Counts the memory of pushes that are remembered because they may be sent twice. Each push is charged to its client
 * and to the endpoint. When an account is used up the next push is refused. A remembered push stays for its whole time,
 * so the traffic of other clients cannot shorten it.
 */
export class RetryAccounts {
  readonly #spent = new Map<string, number>()
  readonly #entries = new Map<string, Entry>()
  readonly #due: Deadlines<string>

  constructor(clock: Clock) {
    this.#due = new Deadlines(clock, (key) => void this.close(key))
  }

  /** The number of remembered pushes. */
  get size(): number {
    return this.#entries.size
  }

  has(key: string): boolean {
    return this.#entries.has(key)
  }

  /** The bytes that are charged to a payer. */
  spent(name: string): number {
    return this.#spent.get(name) ?? 0
  }

  /** Opens the entry of a push. If a payer cannot pay for it, returns that payer and opens no entry. */
  open(key: string, payers: readonly Payer[]): Payer | undefined {
    this.close(key)
    const poor = this.#poor(payers, ENTRY_BYTES)
    if (poor !== undefined) return poor
    const entry = { payers, bytes: 0 }
    this.#entries.set(key, entry)
    this.#pay(entry, ENTRY_BYTES)
    return undefined
  }

  /** Charges the answer that is kept with a push. If a payer cannot pay for it, returns that payer. */
  add(key: string, bytes: number): Payer | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    const poor = this.#poor(entry.payers, bytes)
    if (poor === undefined) this.#pay(entry, bytes)
    return poor
  }

  /** Sets the time until which a push is remembered. */
  keep(key: string, until: number): void {
    if (this.#entries.has(key)) this.#due.set(key, until)
  }

  /** Forgets a push and refunds its payers. */
  close(key: string): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    this.#pay(entry, -entry.bytes)
    this.#entries.delete(key)
    this.#due.delete(key)
  }

  #poor(payers: readonly Payer[], bytes: number): Payer | undefined {
    return payers.find((payer) => this.spent(payer.name) + bytes > payer.bytes)
  }

  #pay(entry: Entry, bytes: number): void {
    entry.bytes += bytes
    for (const { name } of entry.payers) {
      const spent = this.spent(name) + bytes
      if (spent === 0) this.#spent.delete(name)
      else this.#spent.set(name, spent)
    }
  }
}
