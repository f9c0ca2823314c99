import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net"

/** A network between a client and a server, which can be cut, stalled and mended. */
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

  /** How many lines have ever been tried. */
  get tried(): number {
    return this.#tried
  }

  /** Ends every line without a word, and refuses new ones. */
  cut(): void {
    this.#mode = "refusing"
    for (const line of this.#lines) line.destroy()
  }

  /** Lines stay, but nothing goes through any more. */
  stall(): void {
    this.#mode = "stalled"
    for (const line of this.#lines) line.pause()
  }

  /** Everything is as it was; what was stalled goes on. */
  mend(): void {
    this.#mode = "open"
    for (const line of this.#lines) line.resume()
  }

  /** New lines go through; those that were stalled never will. */
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
        to.destroy()
      })
      if (this.#mode === "stalled") from.pause()
    }
  }
}
