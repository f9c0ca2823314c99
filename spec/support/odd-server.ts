import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net"

/** Answers a connection that is not passed on, once the head of its first request is there. */
export type Answer = (line: Socket, request: { readonly key: string; readonly head: string }) => void

/** A server that answers its first connections as a spec says, and passes all others on to a good server. */
export class OddServer implements AsyncDisposable {
  /** Goes up whenever anything moves. */
  activity = 0
  /** The number of connections so far. */
  lines = 0
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  #first: Socket | undefined

  private constructor(target: number, answer: Answer, odd: number) {
    this.#server = createServer((line) => {
      this.#watch(line)
      this.#first ??= line
      if (this.lines++ < odd) this.#ask(line, answer)
      else this.#pass(line, target)
    })
  }

  /** @param odd how many connections get this answer */
  static async before(target: number, answer: Answer, odd = 1): Promise<OddServer> {
    const server = new OddServer(target, answer, odd)
    await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve))
    return server
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Resets the first connection. */
  cutFirst(): void {
    this.#first?.resetAndDestroy()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #watch(socket: Socket): void {
    this.#sockets.add(socket)
    this.activity++
    socket.setNoDelay(true)
    socket.on("error", () => {})
    socket.on("data", () => this.activity++)
    socket.on("close", () => {
      this.activity++
      this.#sockets.delete(socket)
    })
  }

  #ask(line: Socket, answer: Answer): void {
    let head = ""
    const read = (chunk: Buffer): void => {
      head += chunk.toString("latin1")
      if (!head.includes("\r\n\r\n")) return
      line.off("data", read)
      answer(line, { key: /^sec-websocket-key: (.*)$/im.exec(head)?.[1] ?? "", head })
    }
    line.on("data", read)
  }

  #pass(line: Socket, target: number): void {
    const other = connect(target, "127.0.0.1")
    this.#watch(other)
    for (const [from, to] of [
      [line, other],
      [other, line],
    ] as const) {
      from.on("data", (chunk) => to.write(chunk))
      from.on("close", () => to.destroySoon())
    }
  }
}
