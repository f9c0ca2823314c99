import { networkOf } from "./address.js"

/** How many sockets there are, in all and by address. */
export class ConnectionSlots {
  readonly #byAddress = new Map<string, number>()
  #total = 0

  /** Takes a place, and gives the way to free it; or says which limit stands against it. */
  take(
    from: string | undefined,
    limits: { readonly connections: number; readonly connectionsPerAddress: number },
  ): (() => void) | "connections" | "connectionsPerAddress" {
    const address = from === undefined ? undefined : networkOf(from)
    if (this.#total >= limits.connections) return "connections"
    const there = address === undefined ? 0 : (this.#byAddress.get(address) ?? 0)
    if (there >= limits.connectionsPerAddress) return "connectionsPerAddress"
    this.#total++
    if (address !== undefined) this.#byAddress.set(address, there + 1)
    let taken = true
    return () => {
      if (!taken) return
      taken = false
      this.#total--
      if (address === undefined) return
      const left = (this.#byAddress.get(address) ?? 1) - 1
      if (left === 0) this.#byAddress.delete(address)
      else this.#byAddress.set(address, left)
    }
  }
}
