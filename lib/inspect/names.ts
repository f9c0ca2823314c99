import type { ServerSocket } from "rookery/server"

/** Gives each socket a key, which no inspector of another node gives to a socket. */
export class Names {
  /** The name of the node. */
  readonly node: string = crypto.randomUUID().slice(0, 8)
  readonly #keys = new WeakMap<ServerSocket, string>()
  #last = 0

  keyOf(socket: ServerSocket): string {
    let key = this.#keys.get(socket)
    if (key === undefined) this.#keys.set(socket, (key = `${this.node}-${++this.#last}`))
    return key
  }
}
