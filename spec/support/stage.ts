import { afterEach } from "vitest"
import { Endpoint, type EndpointOptions } from "rookery/server"
import { WireClient, type WireOptions } from "./wire-client.js"

/** An endpoint on a free port, and its clients. All are closed at the end of the test. */
export interface Stage {
  readonly endpoint: Endpoint
  readonly port: number
  connect(options?: WireOptions): Promise<WireClient>
}

/** Makes stages for the tests of one file. */
export function stages(): (options?: EndpointOptions, build?: (endpoint: Endpoint) => void) => Promise<Stage> {
  const endpoints: Endpoint[] = []
  const clients: WireClient[] = []
  afterEach(async () => {
    for (const client of clients.splice(0)) client.socket.terminate()
    await Promise.all(endpoints.splice(0).map((endpoint) => endpoint.close({ deadlineMs: 0 })))
  })
  return async (options = {}, build) => {
    const endpoint = new Endpoint({ logger: false, ...options })
    build?.(endpoint)
    endpoints.push(endpoint)
    const { port } = await endpoint.listen()
    return {
      endpoint,
      port,
      async connect(wire) {
        const client = await WireClient.connect(port, wire)
        clients.push(client)
        return client
      },
    }
  }
}
