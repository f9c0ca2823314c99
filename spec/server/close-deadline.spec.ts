import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { afterEach, describe, expect, it } from "vitest"
import { Endpoint, MemoryCluster, type EndpointOptions } from "rookery/server"
import { Intruder, LONGPOLL, requestText, UPGRADE, WEBSOCKET } from "../hostile/attack/intruder.js"

const closing: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const knock = async (port: number): Promise<Intruder> => {
  const intruder = await Intruder.connect({ port })
  closing.push(() => intruder.leave())
  return intruder
}

async function listening(options: EndpointOptions = {}): Promise<{ endpoint: Endpoint; port: number }> {
  const endpoint = new Endpoint({ logger: false, ...options })
  const { port } = await endpoint.listen({ host: "127.0.0.1" }, (_, response) => {
    response.end(Buffer.alloc(32 * 1024 * 1024))
  })
  return { endpoint, port }
}

/** A request for a session whose body never comes to its end. */
async function drip(intruder: Intruder): Promise<void> {
  intruder.send(requestText("GET", LONGPOLL))
  await intruder.until(() => intruder.head.includes('"token"'))
  const token = /"token":"([^"]+)"/.exec(intruder.head)?.[1] ?? ""
  intruder.send(
    requestText("POST", `${LONGPOLL}&token=${token}`, ["content-length: 1000", "expect: 100-continue"], "x"),
  )
  await intruder.until(() => intruder.statuses.includes(100))
}

const HARMS: [string, (intruder: Intruder) => Promise<void> | void][] = [
  ["sends nothing", () => {}],
  ["drips its headers", (intruder) => intruder.send("GET / HTTP/1.1\r\nhost: x\r\n")],
  ["drips a body", drip],
  [
    "drips a body to a path of nobody",
    (intruder) => intruder.send(requestText("POST", "/", ["content-length: 9"], "x")),
  ],
  [
    "does not read its answer",
    (intruder) => {
      intruder.socket.pause()
      intruder.send(requestText("GET", "/large"))
    },
  ],
  [
    "does not answer the close of its websocket",
    async (intruder) => {
      intruder.send(requestText("GET", WEBSOCKET, UPGRADE))
      await intruder.until(() => intruder.statuses.length > 0)
    },
  ],
  [
    "reads nothing on its websocket",
    async (intruder) => {
      intruder.send(requestText("GET", WEBSOCKET, UPGRADE))
      await intruder.until(() => intruder.statuses.length > 0)
      intruder.socket.pause()
    },
  ],
]

describe("an endpoint that closes has closed by its deadline", () => {
  it.each(HARMS)("though a client %s", async (_, harm) => {
    const { endpoint, port } = await listening()
    const intruder = await knock(port)
    await harm(intruder)
    await endpoint.close({ deadlineMs: 100 })
    intruder.socket.resume()
    await expect(intruder.ended).resolves.toBeUndefined()
  })

  it("though connect never answers", async () => {
    const entered: (() => void)[] = []
    const asked = new Promise<void>((resolve) => entered.push(resolve))
    const connect = (): Promise<boolean> => {
      for (const enter of entered) enter()
      return new Promise(() => {})
    }
    const { endpoint, port } = await listening({ connect })
    const intruder = await knock(port)
    intruder.send(requestText("GET", WEBSOCKET, UPGRADE))
    await asked
    await endpoint.close({ deadlineMs: 100 })
    await expect(intruder.ended).resolves.toBeUndefined()
  })

  it("an endpoint that closes keeps no client waiting that has nothing pending", async () => {
    const { endpoint, port } = await listening()
    const [idle, silent] = [await knock(port), await knock(port)]
    idle.send(requestText("GET", `${LONGPOLL}`))
    await idle.until(() => idle.head.includes('"token"'))
    // Without a deadline the test would take as long as a connection may be idle.
    await endpoint.close({ deadlineMs: Infinity })
    await Promise.all([idle.ended, silent.ended])
    expect([idle.over, silent.over]).toEqual([true, true])
  })

  it("an endpoint that closes on somebody else's server leaves other connections alone", async () => {
    const server = createServer((_request, response) => response.end("theirs"))
    const endpoint = new Endpoint({ logger: false })
    endpoint.attach(server)
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    const { port } = server.address() as AddressInfo
    closing.push(() => {
      server.closeAllConnections()
      server.close()
    })
    const [silent, dripping] = [await knock(port), await knock(port)]
    await drip(dripping)
    await endpoint.close({ deadlineMs: 100 })
    await dripping.ended
    silent.send(requestText("GET", "/"))
    await silent.until(() => silent.statuses.length > 0)
    expect(silent.statuses).toEqual([200])
  })

  it("an endpoint that closes leaves its cluster before the last connection has ended", async () => {
    const order: string[] = []
    const cluster = new MemoryCluster()
    const close = cluster.close.bind(cluster)
    cluster.close = () => {
      order.push("the cluster was left")
      return close()
    }
    const { endpoint, port } = await listening({ cluster })
    const intruder = await knock(port)
    await drip(intruder)
    void intruder.ended.then(() => order.push("the connection ended"))
    await endpoint.close({ deadlineMs: 200 })
    await intruder.ended
    expect(order).toEqual(["the cluster was left", "the connection ended"])
  })
})
