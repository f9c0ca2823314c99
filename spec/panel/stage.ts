import { afterEach } from "vitest"
import { Socket, type SocketOptions } from "rookery"
import { Endpoint, type EndpointOptions } from "rookery/server"
import { inProcess } from "../support/in-process-transport.js"

/** Makes clients of an endpoint in the same process, for the specs of one file. */
export function clientStages(): (options?: SocketOptions, endpointOptions?: EndpointOptions) => Promise<Socket> {
  const ends: (() => void)[] = []
  afterEach(() => {
    for (const end of ends.splice(0)) end()
  })
  return async (options = {}, endpointOptions = {}) => {
    const endpoint = new Endpoint({ logger: false, ...endpointOptions })
    endpoint.channel("room:*", {
      history: { size: 10, ttl: 60_000 },
      receive: { echo: (payload) => payload, shout: (payload, room) => room.broadcast("shout", payload) },
    })
    const socket = new Socket("ws://node.test/socket", { transport: inProcess(endpoint), ...options })
    ends.push(() => socket.destroy())
    socket.connect()
    await socket.opened()
    return socket
  }
}
