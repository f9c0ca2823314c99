import { networkOf } from "../support/ip-address.js"
import { TokenBucket } from "./token-bucket.js"

/** The number of addresses from which idle ones are removed. */
const FEW = 1000

/** Limits how often each address may do something, with one token bucket for each. */
export class AddressRate {
  readonly #buckets = new Map<string, TokenBucket>()
  #lookAt = FEW

  /** Counts one more for an address; returns whether it is within the limit. */
  take(from: string | undefined, perSecond: number, burst: number): boolean {
    if (from === undefined || perSecond === Infinity) return true
    const address = networkOf(from)
    let bucket = this.#buckets.get(address)
    if (bucket === undefined) {
      if (this.#buckets.size >= this.#lookAt) this.#forget()
      bucket = new TokenBucket(perSecond, burst)
      this.#buckets.set(address, bucket)
    }
    return bucket.take()
  }

  /** The number of addresses that are remembered. */
  get size(): number {
    return this.#buckets.size
  }

  /** Forgets the addresses whose buckets are full again: a new bucket would behave the same. */
  #forget(): void {
    for (const [address, bucket] of this.#buckets) if (bucket.isFull()) this.#buckets.delete(address)
    this.#lookAt = Math.max(FEW, 2 * this.#buckets.size)
  }
}
