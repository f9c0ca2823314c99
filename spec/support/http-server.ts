import { createServer, type RequestListener, type Server } from "node:http"
import type { AddressInfo } from "node:net"

/** A server that outlives the endpoints on it. */
export interface PlainServer extends AsyncDisposable {
  readonly server: Server
  readonly port: number
}

const notFound: RequestListener = (_request, response) => {
  response.writeHead(404)
  response.end("not found")
}

/** Starts a server on a free port, which answers every request with 404 unless a listener is given. */
export async function startServer(listener = notFound): Promise<PlainServer> {
  const server = createServer(listener)
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
