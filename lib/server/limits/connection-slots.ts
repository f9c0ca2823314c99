import { AddressCounts } from "./address-counts.js"

/** Counts the sockets of an endpoint, in total and by address. */
export class ConnectionSlots {
  readonly #byAddress = new AddressCounts()
  #total = 0

  /** Takes a slot. Returns the function that frees it, or the name of the limit that was hit. */
  take(
    address: string | undefined,
    limits: { readonly connections: number; readonly connectionsPerAddress: number },
  ): (() => void) | "connections" | "connectionsPerAddress" {
    if (this.#total >= limits.connections) return "connections"
    if (!this.#byAddress.take(address, limits.connectionsPerAddress)) return "connectionsPerAddress"
    this.#total++
    let taken = true
    return () => {
      if (!taken) return
      taken = false
      this.#total--
      this.#byAddress.giveBack(address)
    }
  }
}
