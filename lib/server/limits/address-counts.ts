import { networkOf } from "../support/ip-address.js"

/** Counts by address, up to a maximum for each address. */
export class AddressCounts {
  readonly #counts = new Map<string, number>()

  /**
   * Counts one more for an address. Returns `false` if the address is at its maximum. A connection without an address,
   * such as one over a Unix socket, is not counted.
   */
  take(address: string | undefined, most: number): boolean {
    if (address === undefined) return true
    const network = networkOf(address)
    const count = this.#counts.get(network) ?? 0
    if (count >= most) return false
    this.#counts.set(network, count + 1)
    return true
  }

  /** Undoes one call of {@link AddressCounts.take} that returned `true`. */
  giveBack(address: string | undefined): void {
    if (address === undefined) return
    const network = networkOf(address)
    const left = (this.#counts.get(network) ?? 1) - 1
    if (left === 0) this.#counts.delete(network)
    else this.#counts.set(network, left)
  }
}
