import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"

/** A server that outlives the endpoints on it. */
export interface PlainServer extends AsyncDisposable {
  readonly server: Server
  readonly port: number
}

/** Starts a server that answers every request with 404. */
export async function startServer(): Promise<PlainServer> {
  const server = createServer((_request, response) => {
    response.writeHead(404)
    response.end("not found")
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return {
    server,
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}
