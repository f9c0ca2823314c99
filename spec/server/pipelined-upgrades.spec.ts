import { createServer, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { afterEach, describe, expect, it } from "vitest"
import { Endpoint, type EndpointOptions } from "rookery/server"
import { Intruder, LONGPOLL, requestText, UPGRADE, WEBSOCKET } from "../hostile/attack/intruder.js"

const closing: (() => unknown)[] = []
const thrown: unknown[] = []
const note = (error: unknown): unknown => thrown.push(error)

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
  process.off("uncaughtException", note)
  expect(thrown.splice(0)).toEqual([])
})

/** An endpoint on a server of somebody else, whose own requests are answered when the test says so. */
async function open(options: EndpointOptions = {}): Promise<{ endpoint: Endpoint; port: number; server: Server }> {
  process.on("uncaughtException", note)
  const server = createServer((_, response) => response.end("theirs"))
  const endpoint = new Endpoint({ logger: false, ...options })
  endpoint.attach(server)
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  closing.push(async () => {
    await endpoint.close({ deadlineMs: 0 })
    server.closeAllConnections()
    server.close()
  })
  return { endpoint, port: (server.address() as AddressInfo).port, server }
}

/** A connection on which a long-poll waits for its answer. */
async function polling(port: number): Promise<Intruder> {
  const intruder = await Intruder.connect({ port })
  closing.push(() => intruder.leave())
  intruder.send(requestText("GET", LONGPOLL))
  await intruder.until(() => intruder.head.includes('"token"'))
  const token = /"token":"([^"]+)"/.exec(intruder.head)?.[1] ?? ""
  intruder.send(requestText("GET", `${LONGPOLL}&token=${token}`))
  return intruder
}

describe("an upgrade behind a request that has no answer yet", () => {
  it("ends the connection, and not the process, at a path that serves no websockets", async () => {
    const { port } = await open()
    const intruder = await polling(port)
    intruder.send(requestText("GET", "/nowhere", UPGRADE))
    await intruder.ended
    expect(intruder.statuses).toEqual([200])
    expect((await fetch(`http://127.0.0.1:${port}/page`)).status).toBe(200)
  })

  it("ends the connection, and not the process, where both come in one packet", async () => {
    const { port } = await open({ connect: () => new Promise(() => {}) })
    const intruder = await Intruder.connect({ port })
    intruder.send(requestText("GET", LONGPOLL) + requestText("GET", "/nowhere", UPGRADE))
    await intruder.ended
    expect((await fetch(`http://127.0.0.1:${port}/page`)).status).toBe(200)
  })

  it("makes no websocket, whose first frames would be the answer to that request", async () => {
    const { port, endpoint } = await open()
    const intruder = await polling(port)
    intruder.send(requestText("GET", WEBSOCKET, UPGRADE))
    await intruder.ended
    expect(intruder.statuses).toEqual([200])
    expect(endpoint.counters().rookery_requests_malformed_total).toBe(1)
  })

  it("ends the connection behind an answer that Node gives by itself", async () => {
    const { port } = await open()
    const intruder = await Intruder.connect({ port })
    intruder.send(requestText("GET", "/page", ["expect: nonsense"]) + requestText("GET", "/nowhere", UPGRADE))
    await intruder.ended
    expect((await fetch(`http://127.0.0.1:${port}/page`)).status).toBe(200)
  })
})

describe("an upgrade behind a request that was answered", () => {
  it("makes a websocket", async () => {
    const { port } = await open()
    const intruder = await Intruder.connect({ port })
    closing.push(() => intruder.leave())
    intruder.send(requestText("GET", "/page"))
    await intruder.until(() => intruder.head.endsWith("theirs"))
    intruder.send(requestText("GET", WEBSOCKET, UPGRADE))
    await intruder.until(() => intruder.statuses.length === 2)
    expect(intruder.statuses).toEqual([200, 101])
  })

  it("is answered as a request where nothing takes it", async () => {
    const { port } = await open()
    const intruder = await Intruder.connect({ port })
    intruder.send(requestText("GET", "/page"))
    await intruder.until(() => intruder.head.endsWith("theirs"))
    intruder.send(requestText("GET", "/page", UPGRADE))
    await intruder.ended
    expect(intruder.statuses).toEqual([200, 200])
  })
})

describe("an upgrade that nothing takes", () => {
  it("lets its answer know that the client has gone", async () => {
    const { port, server } = await open()
    const gone = new Promise<void>((resolve) => {
      server.removeAllListeners("request")
      server.on("request", (_, response) => {
        response.on("close", resolve)
        intruder.leave()
      })
    })
    const intruder = await Intruder.connect({ port })
    intruder.send(requestText("GET", "/slow", UPGRADE))
    await expect(gone).resolves.toBeUndefined()
  })

  it("ends its connection when the client has ended its half, though no answer comes", async () => {
    const { port, server, endpoint } = await open()
    server.removeAllListeners("request")
    const asked = new Promise<ServerResponse>((resolve) => server.on("request", (_, response) => resolve(response)))
    const intruder = await Intruder.connect({ port })
    intruder.send(requestText("GET", "/never", UPGRADE))
    const response = await asked
    const closed = new Promise((resolve) => response.on("close", resolve))
    intruder.socket.end()
    await Promise.all([intruder.ended, closed])
    expect(endpoint.counters().rookery_tcp_connections).toBe(0)
  })
})
