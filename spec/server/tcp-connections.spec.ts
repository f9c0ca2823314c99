import { once } from "node:events"
import { readFileSync } from "node:fs"
import { createServer, type Server } from "node:http"
import { createServer as createHttpsServer } from "node:https"
import { connect as connectTcp, type AddressInfo, type Socket } from "node:net"
import { connect as connectTls } from "node:tls"
import { afterEach, describe, expect, it } from "vitest"
import { Endpoint, type EndpointOptions, type LimitName } from "rookery/server"
import { Intruder, LONGPOLL, requestText, UPGRADE, WEBSOCKET } from "../hostile/attack/intruder.js"

const pem = (name: string): string =>
  readFileSync(new URL(`../support/private-ca/${name}.pem`, import.meta.url), "utf8")

const closing: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

interface Opened {
  readonly endpoint: Endpoint
  readonly port: number
  readonly hits: LimitName[]
  connect(from?: string): Promise<Intruder>
}

/** An endpoint that listens, or is attached to a server. */
async function open(options: EndpointOptions, server?: Server): Promise<Opened> {
  const endpoint = new Endpoint({ logger: false, ...options })
  const hits: LimitName[] = []
  endpoint.on("limitHit", ({ limit }) => hits.push(limit))
  closing.push(() => endpoint.close({ deadlineMs: 0 }))
  let port: number
  if (server === undefined) ({ port } = await endpoint.listen({ host: "127.0.0.1" }))
  else {
    endpoint.attach(server)
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    port = (server.address() as AddressInfo).port
    closing.push(() => {
      server.closeAllConnections()
      server.close()
    })
  }
  const connect = async (from?: string): Promise<Intruder> => {
    const intruder = await Intruder.connect({ port, from })
    closing.push(() => intruder.leave())
    return intruder
  }
  return { endpoint, port, hits, connect }
}

const status = async (intruder: Intruder, request: string): Promise<number | undefined> => {
  const before = intruder.statuses.length
  intruder.send(request)
  await intruder.until(() => intruder.statuses.length > before)
  return intruder.statuses.at(-1)
}

const DRIPPING = requestText("POST", `${LONGPOLL}&token=x`, ["content-length: 1000"], "x")
const OTHER = "127.0.0.2"

describe("TCP connections of one address", () => {
  it.each([
    ["have sent nothing", ""],
    ["have sent half of their headers", "GET / HTTP/1.1\r\nhost: x\r\n"],
    ["drip a body", DRIPPING],
    ["drip a body to a path of nobody", requestText("POST", "/nowhere", ["content-length: 1000"], "x")],
    ["are websockets", requestText("GET", WEBSOCKET, UPGRADE)],
    ["wait between two requests", requestText("GET", "/nowhere")],
  ])("count while they %s, and another address has its own", async (_, bytes) => {
    const { connect, hits } = await open({ limits: { tcpConnectionsPerAddress: 3 } })
    const kept = [await connect(), await connect(), await connect()]
    for (const each of kept) each.send(bytes)
    const last = kept[2] as Intruder
    if (bytes.includes("\r\n\r\n")) await last.until(() => last.statuses.length > 0)
    await (
      await connect()
    ).ended
    expect(hits).toEqual(["tcpConnectionsPerAddress"])
    expect(kept.map(({ over }) => over)).toEqual([false, false, false])
    expect(await status(await connect(OTHER), requestText("GET", WEBSOCKET, UPGRADE))).toBe(101)
  })

  it("give their place back when TCP has ended", async () => {
    const { connect, endpoint } = await open({ limits: { tcpConnectionsPerAddress: 1 } })
    const first = await connect()
    expect(await status(first, requestText("GET", WEBSOCKET, UPGRADE))).toBe(101)
    const closed = new Promise((resolve) => endpoint.on("socketClosed", resolve))
    first.leave()
    await closed
    expect(await status(await connect(), requestText("GET", WEBSOCKET, UPGRADE))).toBe(101)
  })

  it("count for the client where a trusted proxy forwards them, and not for the proxy", async () => {
    const { connect, hits } = await open({ trustProxy: 1, limits: { tcpConnectionsPerAddress: 2 } })
    const drip = async (client: string): Promise<Intruder> => {
      const intruder = await connect()
      const headers = ["content-length: 1000", `x-forwarded-for: ${client}`]
      intruder.send(requestText("GET", LONGPOLL, [`x-forwarded-for: ${client}`]))
      await intruder.until(() => intruder.head.includes('"token"'))
      const token = /"token":"([^"]+)"/.exec(intruder.head)?.[1] ?? ""
      intruder.send(requestText("POST", `${LONGPOLL}&token=${token}`, headers, "x"))
      return intruder
    }
    for (const client of ["192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.2"]) await drip(client)
    expect(hits).toEqual([])
    const asking = await connect()
    expect(await status(asking, requestText("GET", LONGPOLL, ["x-forwarded-for: 192.0.2.1"]))).toBe(429)
    const upgrading = await connect()
    const headers = [...UPGRADE, "x-forwarded-for: 192.0.2.1"]
    expect(await status(upgrading, requestText("GET", WEBSOCKET, headers))).toBe(429)
    expect(hits).toEqual(["tcpConnectionsPerAddress", "tcpConnectionsPerAddress"])
    expect(await status(asking, requestText("GET", LONGPOLL, ["x-forwarded-for: 192.0.2.3"]))).toBe(200)
  })
})

describe("TCP connections of all addresses", () => {
  it("end where there are too many, the one that has done nothing the longest first, and websockets stay", async () => {
    const { connect, hits } = await open({ limits: { tcpConnections: 3 } })
    const websocket = await connect()
    expect(await status(websocket, requestText("GET", WEBSOCKET, UPGRADE))).toBe(101)
    const [idle, silent] = [await connect(OTHER), await connect(OTHER)]
    expect(await status(idle, requestText("GET", "/nowhere"))).toBe(404)
    const next = await connect(OTHER)
    await silent.ended
    expect(await status(next, requestText("GET", WEBSOCKET, UPGRADE))).toBe(101)
    const after = await connect(OTHER)
    await idle.ended
    expect(await status(after, requestText("GET", WEBSOCKET, UPGRADE))).toBe(101)
    await (
      await connect()
    ).ended
    expect([websocket.over, next.over, after.over]).toEqual([false, false, false])
    expect(hits).toEqual(["tcpConnections", "tcpConnections", "tcpConnections"])
  })
})

describe("a request that is followed by a reset", () => {
  it.each([
    ["before the server has accepted it", false],
    ["after the server has accepted it", true],
  ])("counts for its address, %s", async (_, accepted) => {
    let asked = 0
    const server = createServer()
    const limits = { connectBurst: 5, connectsPerSecond: 0.001 }
    const { connect, endpoint } = await open({ limits, connect: () => void asked++ }, server)
    for (let i = 0; i < 50; i++) {
      const seen = once(server, "connection")
      const intruder = await connect(OTHER)
      if (accepted) await seen
      intruder.send(requestText("GET", LONGPOLL))
      intruder.leave()
      await seen
    }
    expect(await status(await connect(), requestText("GET", WEBSOCKET, UPGRADE))).toBe(101)
    expect(asked).toBeLessThanOrEqual(6)
    expect(endpoint.counters().rookery_sockets).toBeLessThanOrEqual(6)
  })

  it("counts for its address by TLS", async () => {
    const asked: (string | undefined)[] = []
    const server = createHttpsServer({ key: pem("server-key"), cert: pem("server") })
    const limits = { connectBurst: 5, connectsPerSecond: 0.001 }
    const { port } = await open({ limits, connect: ({ address }) => void asked.push(address) }, server as Server)
    for (let i = 0; i < 20; i++) {
      const over = new Promise((resolve) => server.once("connection", (socket: Socket) => socket.on("close", resolve)))
      const secured = new Promise<void>((resolve) => server.once("secureConnection", () => resolve()))
      const tcp = connectTcp(port, "127.0.0.1")
      const client = connectTls({ socket: tcp, rejectUnauthorized: false })
      for (const stream of [tcp, client]) stream.on("error", () => {})
      await once(client, "secureConnect")
      // Every second client resets before the server has seen the end of the handshake.
      if (i % 2 === 0) await secured
      client.write(requestText("GET", LONGPOLL))
      tcp.resetAndDestroy()
      await over
    }
    expect(asked.length).toBeLessThanOrEqual(5)
    expect(new Set(asked)).not.toContain(undefined)
  })
})

describe("a TLS handshake", () => {
  const tls = (): Server => createHttpsServer({ key: pem("server-key"), cert: pem("server") }) as Server

  it("a TLS handshake that does not end is cut after its timeout", async () => {
    const { connect, hits } = await open({ limits: { handshakeMs: 30 } }, tls())
    await (
      await connect()
    ).ended
    const half = await connect()
    half.send(Buffer.from([22, 3, 1, 2, 0, 1]))
    await half.ended
    expect(hits).toEqual(["handshakeMs", "handshakeMs"])
  })

  it("counts as half open, and the oldest goes where there are too many", async () => {
    const { connect, port, hits } = await open({ limits: { halfOpen: 2 } }, tls())
    const [first, second, third] = [await connect(), await connect(), await connect()]
    await first.ended
    const client = connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false })
    closing.push(() => client.destroy())
    await once(client, "secureConnect")
    await second.ended
    client.write(requestText("GET", WEBSOCKET, UPGRADE))
    const [answer] = (await once(client, "data")) as [Buffer]
    expect(String(answer)).toContain("HTTP/1.1 101")
    expect(third.over).toBe(false)
    expect(hits).toEqual(["halfOpen", "halfOpen"])
  })

  it("a TLS handshake that fails ends its connection and frees its slot", async () => {
    const { connect, port } = await open({ limits: { tcpConnectionsPerAddress: 1 } }, tls())
    for (let i = 0; i < 3; i++) {
      const wrong = await connect()
      wrong.send("GET / HTTP/1.1\r\n\r\n")
      await wrong.ended
    }
    const client = connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false })
    closing.push(() => client.destroy())
    await once(client, "secureConnect")
    client.write(requestText("GET", LONGPOLL))
    const [answer] = (await once(client, "data")) as [Buffer]
    expect(String(answer)).toContain("HTTP/1.1 200")
  })
})

describe("an answer", () => {
  it("an answer that the client does not read ends the connection after its timeout", async () => {
    const endpoint = new Endpoint({ logger: false, limits: { messageMs: 50 } })
    const hits: LimitName[] = []
    endpoint.on("limitHit", ({ limit }) => hits.push(limit))
    closing.push(() => endpoint.close({ deadlineMs: 0 }))
    const large = Buffer.alloc(32 * 1024 * 1024)
    const gone: Promise<unknown>[] = []
    const { port } = await endpoint.listen({ host: "127.0.0.1" }, (_, response) => {
      gone.push(once(response, "close"))
      response.end(large)
    })
    const intruder = await Intruder.connect({ port })
    closing.push(() => intruder.leave())
    intruder.socket.pause()
    const hit = new Promise((resolve) => endpoint.on("limitHit", resolve))
    intruder.send(requestText("GET", "/large").repeat(2))
    await hit
    await Promise.all(gone.slice(0, 1))
    expect(hits).toEqual(["messageMs"])
  })

  it("given before the body has come ends the connection if the body does not come in time", async () => {
    const { connect } = await open({ limits: { closeMs: 30 } })
    const intruder = await connect()
    expect(await status(intruder, requestText("POST", "/nowhere", ["content-length: 1000"], "x"))).toBe(404)
    await intruder.ended
  })

  it("given before the body has come keeps the connection if the body comes in time", async () => {
    const { connect } = await open({ limits: { closeMs: 60_000 } })
    const intruder = await connect()
    expect(await status(intruder, requestText("POST", "/nowhere", ["content-length: 4"], "x"))).toBe(404)
    intruder.send("xxx")
    expect(await status(intruder, requestText("GET", "/nowhere"))).toBe(404)
    expect(intruder.over).toBe(false)
  })

  it("an answer that refuses a websocket ends the connection even if the client does not", async () => {
    const { connect } = await open({ connect: () => false })
    const intruder = await connect()
    expect(await status(intruder, requestText("GET", WEBSOCKET, UPGRADE))).toBe(403)
    await intruder.ended
  })
})

describe("a connection over TLS that sends more requests than may wait, in one packet", () => {
  it("ends, and nothing is thrown out of the middle of its requests", async () => {
    const thrown: unknown[] = []
    const note = (error: unknown): unknown => thrown.push(error)
    process.on("uncaughtException", note)
    closing.push(() => process.off("uncaughtException", note))
    const server = createHttpsServer({ key: pem("server-key"), cert: pem("server") }, (request, response) => {
      request.on("error", () => {})
      response.on("error", () => {})
      // Its bytes are still to be written when the next body is read.
      setImmediate(() => response.end("late"))
      response.write("x".repeat(100_000))
    })
    const { port, hits } = await open({}, server as Server)
    const packet =
      requestText("GET", "/").repeat(2) + requestText("POST", "/", ["content-length: 5"], "12345").repeat(3)
    for (let times = 0; times < 20; times++) {
      const client = await Intruder.connect({ port, tls: true })
      client.send(packet)
      await client.ended
    }
    expect(new Set(hits)).toEqual(new Set(["pipelined"]))
    expect(thrown).toEqual([])
  })
})
