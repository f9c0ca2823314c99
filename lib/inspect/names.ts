import type { AnyGatewayClient, ServerSocket } from "rookery/server"

/** Gives each socket, and each client of a gateway, a key that no inspector of another node gives. */
export class Names {
  /** The name of the node. */
  readonly node: string = crypto.randomUUID().slice(0, 8)
  readonly #keys = new WeakMap<ServerSocket | AnyGatewayClient, string>()
  #last = 0

  keyOf(client: ServerSocket | AnyGatewayClient): string {
    let key = this.#keys.get(client)
    if (key === undefined) this.#keys.set(client, (key = `${this.node}-${++this.#last}`))
    return key
  }
}
