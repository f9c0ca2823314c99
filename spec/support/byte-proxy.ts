import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net"

/** A fault of a connection after a number of bytes in one direction. The first `at` bytes still arrive. */
export interface Fault {
  /** The connection, counted from 0 in the order of arrival. */
  readonly line: number
  readonly way: "out" | "in"
  readonly at: number
  /**
   * - `cut`: both ends get a reset;
   * - `end`: both ends get the end of the stream;
   * - `half`: this direction carries nothing more, the other does;
   * - `stall`: neither direction carries anything more, and neither end notices;
   * - `late`: neither direction carries anything until the client opens another connection; then all held bytes arrive.
   */
  readonly kind: "cut" | "end" | "half" | "stall" | "late"
}

/** The bytes that a connection carried. */
export interface Carried {
  out: number
  in: number
}

interface Line {
  readonly number: number
  readonly client: Socket
  readonly server: Socket
  readonly carried: Carried
  readonly waiting: (() => void)[]
}

/** A network between one client and a server, with one fault at one byte. */
export class ByteProxy implements AsyncDisposable {
  readonly carried: Carried[] = []
  /** Goes up whenever anything moves. */
  activity = 0
  /** Whether the fault has happened. */
  struck = false
  readonly #fault: Fault | undefined
  readonly #target: number
  readonly #server: Server
  readonly #lines = new Set<Line>()

  private constructor(target: number, fault: Fault | undefined) {
    this.#target = target
    this.#fault = fault
    this.#server = createServer((client) => this.#carry(client))
  }

  static async to(target: number, fault?: Fault): Promise<ByteProxy> {
    const proxy = new ByteProxy(target, fault)
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve))
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** The client's connections that the client has not closed. */
  get open(): number {
    return [...this.#lines].filter(({ client }) => !client.destroyed).length
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { client, server } of this.#lines) {
      client.destroy()
      server.destroy()
    }
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #carry(client: Socket): void {
    this.activity++
    const server = connect(this.#target, "127.0.0.1")
    const number = this.carried.length
    const line: Line = { number, client, server, carried: { out: 0, in: 0 }, waiting: [] }
    for (const { waiting } of this.#lines) for (const go of waiting.splice(0)) go()
    this.carried.push(line.carried)
    this.#lines.add(line)
    this.#pass(line, "out", client, server)
    this.#pass(line, "in", server, client)
    // A fault before the first byte.
    if (this.#strikes(line, "out", 0) || this.#strikes(line, "in", 0)) this.#strike(line)
  }

  #strikes({ number, carried }: Line, way: "out" | "in", more: number): boolean {
    const fault = this.#fault
    return fault?.line === number && fault.way === way && !this.struck && carried[way] + more >= fault.at
  }

  #pass(line: Line, way: "out" | "in", from: Socket, to: Socket): void {
    const { carried } = line
    from.setNoDelay(true)
    from.on("error", () => {})
    from.on("data", (chunk) => {
      this.activity++
      const strikes = this.#strikes(line, way, chunk.length)
      const passing = strikes ? chunk.subarray(0, (this.#fault?.at ?? 0) - carried[way]) : chunk
      carried[way] += passing.length
      if (!to.destroyed && passing.length > 0) to.write(passing)
      if (!strikes) return
      this.#strike(line, () => {
        carried[way] += chunk.length - passing.length
        if (!to.destroyed) to.write(chunk.subarray(passing.length))
      })
    })
    from.on("end", () => {
      this.activity++
      if (!to.destroyed) to.end()
    })
    from.on("close", () => {
      this.activity++
      // Bytes on their way still arrive.
      to.destroySoon()
      if (line.client.destroyed) this.#lines.delete(line)
    })
  }

  #strike({ client, server, waiting }: Line, rest: () => void = () => {}): void {
    this.struck = true
    this.activity++
    const { kind, way } = this.#fault as Fault
    switch (kind) {
      case "cut":
        // Bytes that were written before the fault arrive first.
        for (const end of [client, server]) end.write("", () => end.resetAndDestroy())
        break
      case "end":
        for (const end of [client, server]) end.end()
        break
      case "half":
        ;(way === "out" ? client : server).removeAllListeners("data").resume()
        break
      case "stall":
        // The server does not notice either when the client gives up.
        for (const end of [client, server]) {
          for (const event of ["data", "end", "close"]) end.removeAllListeners(event)
          end.resume()
        }
        break
      case "late":
        for (const end of [client, server]) end.pause()
        waiting.push(() => {
          rest()
          for (const end of [client, server]) end.resume()
        })
    }
  }
}
