import { RpcSession, type RpcTransport } from "capnweb"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { parseArgs } from "node:util"
import { serveRpc } from "rookery/rpc"
import { Endpoint, type GatewayClient } from "rookery/server"
import { ChatSession, Room } from "./room.js"

const PATH = "/rpc/ws"

const { values } = parseArgs({
  options: {
    host: { type: "string", default: "127.0.0.1" },
    port: { type: "string", default: "8080" },
    help: { type: "boolean", default: false },
  },
})
if (values.help) {
  console.log("Usage: npm run rpc-chat:server -- [--host 127.0.0.1] [--port 8080]")
  process.exit(0)
}

const room = new Room()
const endpoint = new Endpoint({ path: PATH })

// For clients of Rookery: a channel, which shares its socket with other channels.
serveRpc(endpoint, "rpc:chat", () => new ChatSession(room))

// For clients that speak nothing but capnweb: a plain websocket at the same path.
class PlainTransport implements RpcTransport {
  readonly #client: GatewayClient
  readonly #messages: string[] = []
  #waiting: { resolve(message: string): void; reject(error: Error): void } | undefined
  #over: Error | undefined

  constructor(client: GatewayClient) {
    this.#client = client
  }

  send(message: string): void {
    this.#client.send(message)
  }

  async receive(): Promise<string> {
    const message = this.#messages.shift()
    if (message !== undefined) return message
    if (this.#over) throw this.#over
    return new Promise((resolve, reject) => (this.#waiting = { resolve, reject }))
  }

  abort(): void {
    this.#client.close(1011)
  }

  take(message: string): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    if (waiting) waiting.resolve(message)
    else this.#messages.push(message)
  }

  end(): void {
    this.#over = new Error("the client has gone")
    this.#waiting?.reject(this.#over)
  }
}

const plain = new WeakMap<GatewayClient, PlainTransport>()
endpoint.gateway(PATH, {
  onOpen(client) {
    const transport = new PlainTransport(client)
    plain.set(client, transport)
    // Errors go to clients with their message alone, without stack and other properties.
    const onSendError = (error: Error): Error => Object.assign(new Error(error.message), { stack: "" })
    void new RpcSession(transport, new ChatSession(room), { onSendError })
  },
  onMessage(data, client) {
    if (typeof data === "string") plain.get(client)?.take(data)
  },
  onClose: (client) => plain.get(client)?.end(),
})

const http = createServer((_request, response) => {
  response.writeHead(404).end("not found")
})
endpoint.attach(http)
http.on("error", (error: NodeJS.ErrnoException) => {
  console.error(error.code === "EADDRINUSE" ? `port ${values.port} is taken; give another: --port 8081` : error.message)
  process.exit(1)
})
http.listen(Number(values.port), values.host, () => {
  const { port } = http.address() as AddressInfo
  const url = `ws://${values.host}:${port}${PATH}`
  console.log(`RPC chat listens at ${url}
Methods: join(username, callback), sendMessage(username, text), listUsers(), leave(username)
Client:  npm run rpc-chat:client -- --url ${url}`)
})
process.once("SIGINT", () => {
  void endpoint.close({ deadlineMs: 500 }).then(() => process.exit(0))
})
