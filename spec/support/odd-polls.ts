import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"

/** A request of long-poll on its way to a good server, and the response that waits for its answer. */
export interface Exchange {
  readonly method: "GET" | "POST"
  /** The number of the request among those of its method, from 0. */
  readonly number: number
  readonly response: ServerResponse
  /** Asks the good server, once or again, and returns its answer. */
  forward(): Promise<string>
  /** Answers the client as a good server would. */
  answer(body: string): void
  /** The earlier answers to requests of this method. */
  readonly former: readonly string[]
}

/** Tampers with an exchange; returns `false` to leave it alone. */
export type Tamper = (exchange: Exchange) => false | void | Promise<void>

/** A server of long-poll that passes requests on to a good one, and tampers with some of them. */
export class OddPolls implements AsyncDisposable {
  /** Goes up whenever anything moves. */
  activity = 0
  /** The number of exchanges that were tampered with. */
  tampered = 0
  readonly #server: Server
  readonly #target: number
  readonly #tamper: Tamper
  readonly #former: Record<string, string[]> = { GET: [], POST: [] }
  readonly #counts: Record<string, number> = { GET: 0, POST: 0 }

  private constructor(target: number, tamper: Tamper) {
    this.#target = target
    this.#tamper = tamper
    this.#server = createServer((request, response) => void this.#exchange(request, response))
    this.#server.on("connection", (socket) => {
      this.activity++
      socket.on("close", () => this.activity++)
    })
  }

  static async before(target: number, tamper: Tamper): Promise<OddPolls> {
    const server = new OddPolls(target, tamper)
    await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve))
    return server
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.#server.closeAllConnections()
    await closed
  }

  async #exchange(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    this.activity++
    response.on("error", () => {})
    const method = incoming.method === "POST" ? "POST" : "GET"
    const number = this.#counts[method] ?? 0
    this.#counts[method] = number + 1
    const body = Buffer.concat((await incoming.toArray()) as Buffer[])
    const former = this.#former[method] ?? []
    const exchange: Exchange = {
      method,
      number,
      response,
      former,
      forward: () => this.#forward(incoming, response, body),
      answer: (said) => {
        this.activity++
        former.push(said)
        response.setHeader("content-type", "application/json").end(said)
      },
    }
    try {
      const tampered = this.#tamper(exchange)
      if (tampered === false) exchange.answer(await exchange.forward())
      else {
        this.tampered++
        await tampered
      }
    } catch {
      response.destroy()
    }
  }

  #forward({ url, method, headers }: IncomingMessage, response: ServerResponse, body: Buffer): Promise<string> {
    return new Promise((resolve, reject) => {
      const { connection: _, ...rest } = headers
      const asked = request(
        { port: this.#target, host: "127.0.0.1", path: url, method, headers: rest, agent: false },
        (answer) => {
          answer
            .setEncoding("utf8")
            .toArray()
            .then((parts) => resolve(parts.join("")), reject)
        },
      )
      asked.on("error", reject)
      // When the client stops waiting, the request to the good server is aborted too.
      response.on("close", () => response.writableFinished || asked.destroy())
      asked.end(body)
    })
  }
}
