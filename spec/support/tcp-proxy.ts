import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net"

/** A network between a client and a server that a spec can cut, stall and mend. */
export class TcpProxy implements AsyncDisposable {
  readonly #server: Server
  readonly #lines = new Set<Socket>()
  readonly #target: number
  #mode: "open" | "refusing" | "stalled" = "open"
  #tried = 0

  private constructor(target: number) {
    this.#target = target
    this.#server = createServer((line) => this.#carry(line))
  }

  static async to(port: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(port)
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve))
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** The number of attempts to connect so far. */
  get tried(): number {
    return this.#tried
  }

  /** Drops every connection, and refuses new ones. */
  cut(): void {
    this.#mode = "refusing"
    for (const line of this.#lines) line.destroy()
  }

  /** Keeps connections open, but passes nothing on any more. */
  stall(): void {
    this.#mode = "stalled"
    for (const line of this.#lines) line.pause()
  }

  /** Lets new and stalled connections work again. */
  mend(): void {
    this.#mode = "open"
    for (const line of this.#lines) line.resume()
  }

  /** Lets new connections work; stalled ones stay stalled. */
  forget(): void {
    this.#mode = "open"
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #carry(line: Socket): void {
    this.#tried++
    if (this.#mode === "refusing") return void line.destroy()
    const other = connect(this.#target, "127.0.0.1")
    for (const [from, to] of [
      [line, other],
      [other, line],
    ] as const) {
      this.#lines.add(from)
      from.on("data", (chunk) => to.write(chunk))
      from.on("error", () => {})
      from.on("close", () => {
        this.#lines.delete(from)
        // The other side still gets the bytes that wait for it.
        to.destroySoon()
      })
      if (this.#mode === "stalled") from.pause()
    }
  }
}
