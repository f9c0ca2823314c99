import { networkOf } from "../support/ip-address.js"
import { TokenBucket } from "./token-bucket.js"

/** As many addresses are remembered before it is looked which of them have kept still. */
const FEW = 1000

/** How often each address does something, by a bucket of tokens for each. */
export class AddressRate {
  readonly #buckets = new Map<string, TokenBucket>()
  #lookAt = FEW

  /** Counts one more of an address, and returns whether it was one of those that are allowed. */
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

  /** How many addresses are remembered. */
  get size(): number {
    return this.#buckets.size
  }

  /** An address whose bucket is full again is as one that nobody has heard of. */
  #forget(): void {
    for (const [address, bucket] of this.#buckets) if (bucket.isFull()) this.#buckets.delete(address)
    this.#lookAt = Math.max(FEW, 2 * this.#buckets.size)
  }
}
