import { AddressCounts } from "./address-counts.js"

/** Counts the sockets of an endpoint, in all and by address. */
export class ConnectionSlots {
  readonly #byAddress = new AddressCounts()
  #total = 0

  /** Takes a place and returns the function that frees it, or the limit that was reached. */
  take(
    address: string | undefined,
    limits: { readonly connections: number; readonly connectionsPerAddress: number },
  ): (() => void) | "connections" | "connectionsPerAddress" {
    if (this.#total >= limits.connections) return "connections"
    const release = this.#byAddress.take(address, limits.connectionsPerAddress)
    if (release === undefined) return "connectionsPerAddress"
    this.#total++
    let taken = true
    return () => {
      if (!taken) return
      taken = false
      this.#total--
      release()
    }
  }
}
