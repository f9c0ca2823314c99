import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { afterEach, describe, expect, it, vi } from "vitest"
import { WebSocket } from "ws"
import { Connection, Socket } from "rookery"
import { Endpoint, Refused, type EndpointOptions, type Gateway, type GatewayOptions } from "rookery/server"
import { PATIENCE } from "../support/patience.js"

const open: (() => unknown)[] = []

afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

/** An endpoint that listens, with a gateway at `/ws`. */
async function served(
  options: GatewayOptions = {},
  endpointOptions: EndpointOptions = {},
): Promise<{ endpoint: Endpoint; gateway: Gateway; url: string; errors: unknown[] }> {
  const endpoint = new Endpoint({ logger: false, ...endpointOptions })
  const errors: unknown[] = []
  endpoint.on("error", ({ error }) => errors.push(error))
  const gateway = endpoint.gateway("/ws", options)
  const { port } = await endpoint.listen({ host: "127.0.0.1" })
  open.push(() => endpoint.close({ deadlineMs: 0 }))
  return { endpoint, gateway, url: `ws://127.0.0.1:${port}/ws`, errors }
}

/** A client of another make, and what it gets. */
async function plain(url: string, options: object = {}): Promise<{ socket: WebSocket; next: () => Promise<unknown> }> {
  const socket = new WebSocket(url, options)
  const got: unknown[] = []
  const told: (() => void)[] = []
  socket.on("message", (data: Buffer, isBinary: boolean) => {
    got.push(isBinary ? data : String(data))
    for (const tell of told.splice(0)) tell()
  })
  open.push(() => socket.terminate())
  await once(socket, "open")
  const next = async (): Promise<unknown> => {
    while (got.length === 0) await new Promise<void>((resolve) => told.push(resolve))
    return got.shift()
  }
  return { socket, next }
}

/** Resolves with the code and the reason of the close. */
async function closed(socket: WebSocket): Promise<[code: number, reason: string]> {
  const [code, reason] = (await once(socket, "close")) as [number, Buffer]
  return [code, String(reason)]
}

/** The HTTP status that a client is refused with. */
async function refusal(url: string, options: object = {}): Promise<number | undefined> {
  const socket = new WebSocket(url, options)
  socket.on("error", () => {})
  const [, response] = (await once(socket, "unexpected-response")) as [unknown, { statusCode?: number }]
  return response.statusCode
}

describe("a gateway", () => {
  it("ends the connection of a client whose credentials have expired with 3401", async () => {
    const { url } = await served({ connect: () => ({ expiresAt: Date.now() + 1000 }) })
    const { socket } = await plain(url)
    expect(await once(socket, "close")).toEqual([3401, expect.anything()])
  })

  it("carries text, JSON and bytes, both ways", async () => {
    const { url } = await served({ onMessage: (data, client) => client.send(data) })
    const { socket, next } = await plain(url)
    socket.send("hello")
    expect(await next()).toBe("hello")
    socket.send(Uint8Array.of(1, 2, 255))
    expect(await next()).toEqual(Buffer.from([1, 2, 255]))
  })

  it("parses JSON if it is told to, and says what is none without ending the line", async () => {
    const onError = vi.fn()
    const { url } = await served({ json: true, onError, onMessage: ({ n }, client) => client.send({ twice: n * 2 }) })
    const { socket, next } = await plain(url)
    socket.send("{")
    socket.send('{"n":21}')
    expect(await next()).toBe('{"twice":42}')
    expect(onError).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ code: "bad_frame" }),
      expect.objectContaining({ connected: true }),
    )
  })

  it("talks to a Connection, which comes back after the server sent it away", async () => {
    const { url, gateway } = await served({ json: true, onMessage: (data) => gateway.broadcast({ said: data }) })
    const connection = new Connection(url, { json: true, reconnectAfterMs: () => 1 })
    open.push(() => connection.destroy())
    const messages: unknown[] = []
    let heard: (() => void) | undefined
    connection.on("message", (data) => {
      messages.push(data)
      heard?.()
    })
    await connection.connect()
    const back = new Promise<void>((resolve) => {
      const stop = connection.on("open", () => {
        stop()
        resolve()
      })
    })
    for (const client of gateway.clients) client.close(1012, "restart")
    await back
    const answered = new Promise<void>((resolve) => (heard = resolve))
    connection.sendTo("room:lobby", { text: "hi" })
    await answered
    expect(messages).toEqual([{ said: { room: "room:lobby", data: { text: "hi" } } }])
  })

  it("sends to all, or to all but one, and makes the frame once", async () => {
    const { url, gateway } = await served({ onMessage: (data, except) => gateway.broadcast(data, { except }) })
    const [a, b, c] = [await plain(url), await plain(url), await plain(url)]
    let made = 0
    gateway.broadcast({ toJSON: () => `made ${++made}` })
    expect([await a.next(), await b.next(), await c.next()]).toEqual(['"made 1"', '"made 1"', '"made 1"'])
    a.socket.send("psst")
    expect([await b.next(), await c.next()]).toEqual(["psst", "psst"])
    gateway.broadcast("all")
    expect(await a.next()).toBe("all")
  })

  it("refuses what JSON cannot carry, and tells the caller", async () => {
    const { url, gateway } = await served()
    await plain(url)
    expect(() => gateway.broadcast({ n: 1n })).toThrow(expect.objectContaining({ code: "unencodable" }))
    expect(() => gateway.broadcast(undefined)).toThrow(expect.objectContaining({ code: "unencodable" }))
  })

  it("handles one client's messages one after the other, and nobody else waits", async () => {
    const order: string[] = []
    let release = (): void => {}
    const held = new Promise<void>((resolve) => (release = resolve))
    const { url } = await served({
      async onMessage(data, client) {
        order.push(`begin ${data}`)
        if (data === "slow") await held
        order.push(`end ${data}`)
        client.send("done")
      },
    })
    const [a, b] = [await plain(url), await plain(url)]
    a.socket.send("slow")
    a.socket.send("next")
    await vi.waitFor(() => expect(order).toEqual(["begin slow"]), PATIENCE)
    b.socket.send("other")
    await b.next()
    release()
    await a.next()
    await a.next()
    expect(order).toEqual(["begin slow", "begin other", "end other", "end slow", "begin next", "end next"])
  })

  it("gives bytes that had to wait to its handler in the same form as bytes that had not", async () => {
    const seen: string[] = []
    let goOn = (): void => {}
    const { url } = await served({
      async onMessage(data: Uint8Array, client) {
        seen.push(String(data))
        if (seen.length === 1) await new Promise<void>((resolve) => (goOn = resolve))
        else client.send("done")
      },
    })
    const { socket, next } = await plain(url)
    socket.send(Buffer.from("one"))
    await expect.poll(() => seen).toHaveLength(1)
    // Behind a large message, so that the bytes are a small part of the packet.
    socket.send(Buffer.alloc(4000))
    socket.send(Buffer.from("two"))
    socket.ping()
    await once(socket, "pong")
    goOn()
    expect([await next(), await next()]).toEqual(["done", "done"])
    expect([seen[0], seen[2]]).toEqual(["one", "two"])
  })

  it("knows its clients by what connect says, until they have gone", async () => {
    const gone = vi.fn()
    const { url, gateway } = await served({
      connect: ({ params }) => ({ id: `user:${params["name"]}`, assigns: { name: params["name"] } }),
      onOpen: (client) => client.send(`welcome, ${client.assigns.name}`),
      onClose: (client, code) => gone(client.id, code),
    })
    const { socket, next } = await plain(`${url}?name=Ada`)
    expect(await next()).toBe("welcome, Ada")
    expect([...gateway.clients].map(({ id, address }) => [id, address])).toEqual([["user:Ada", "127.0.0.1"]])
    socket.close(4001)
    await vi.waitFor(() => expect(gone).toHaveBeenCalledExactlyOnceWith("user:Ada", 4001), PATIENCE)
    expect(gateway.clients.size).toBe(0)
  })

  it("goes on after a handler that throws, now or later", async () => {
    const { url, errors } = await served({
      onMessage(data, client) {
        if (data === "now") throw new Error("now")
        if (data === "later") return Promise.reject(new Error("later"))
        return client.send("still here")
      },
    })
    const { socket, next } = await plain(url)
    for (const text of ["now", "later", "?"]) socket.send(text)
    expect(await next()).toBe("still here")
    expect(errors.map((error) => (error as Error).message)).toEqual(["now", "later"])
  })

  it("ends a line with the code and the reason that are given", async () => {
    const { url } = await served({ onMessage: (_, client) => client.close(4003, "enough") })
    const { socket } = await plain(url)
    socket.send("x")
    expect(await closed(socket)).toEqual([4003, "enough"])
  })
})

describe("who may connect to a gateway", () => {
  it("is what connect says", async () => {
    const { url } = await served({
      connect({ params }) {
        if (params["key"] === "old") throw new Refused({ reason: "old" }, { status: 401 })
        return params["key"] === "good"
      },
    })
    expect(await refusal(url)).toBe(403)
    expect(await refusal(`${url}?key=old`)).toBe(401)
    await plain(`${url}?key=good`)
  })

  it("is no page of another origin, unless it is named", async () => {
    const { url } = await served({}, { origins: ["https://mine.example"] })
    expect(await refusal(url, { origin: "https://evil.example" })).toBe(403)
    await plain(url, { origin: "https://mine.example" })
    const other = await served({ origins: ["https://other.example"] }, { origins: ["https://mine.example"] })
    expect(await refusal(other.url, { origin: "https://mine.example" })).toBe(403)
  })

  it("is no more clients than the endpoint has room for", async () => {
    const { url } = await served({}, { limits: { connections: 1 } })
    await plain(url)
    expect(await refusal(url)).toBe(503)
  })
})

describe("the limits of a gateway", () => {
  it("a gateway closes a connection that sends too large a frame", async () => {
    const { url } = await served({ limits: { frameBytes: 1000 } })
    const { socket } = await plain(url)
    socket.send("x".repeat(1001))
    expect((await closed(socket))[0]).toBe(1009)
  })

  it("a gateway closes a connection that sends too many messages at once", async () => {
    const { url, endpoint } = await served({ limits: { pushesPerSecond: 0.001, pushBurst: 3 } })
    const { socket } = await plain(url)
    for (let i = 0; i < 4; i++) socket.send("x")
    expect(await closed(socket)).toEqual([1008, "too many messages"])
    expect(endpoint.counters().rookery_limits_hit_total).toBe(1)
  })

  it("a gateway closes a connection whose messages pile up behind a slow handler", async () => {
    const { url } = await served({ limits: { pendingPushes: 2 }, onMessage: () => new Promise(() => {}) })
    const { socket } = await plain(url)
    for (let i = 0; i < 4; i++) socket.send("x")
    expect(await closed(socket)).toEqual([1008, "too many messages"])
  })

  it("count messages that wait by the memory that they take, not by their bytes", async () => {
    const limits = { pendingBytes: 1_000_000 }
    const { url, endpoint } = await served({ json: true, limits, onMessage: () => new Promise(() => {}) })
    const hit = vi.fn()
    endpoint.on("limitHit", ({ limit }) => hit(limit))
    const { socket } = await plain(url)
    // The first is with the handler, the second waits: 300 kB of empty maps that are 6 MB of objects.
    for (let i = 0; i < 2; i++) socket.send(`[${"{},".repeat(100_000)}{}]`)
    expect(await closed(socket)).toEqual([1008, "too many messages"])
    expect(hit).toHaveBeenCalledExactlyOnceWith("pendingBytes")
  })

  it("close with 1009 on JSON that would be too much memory, before it is parsed", async () => {
    const { url } = await served({ json: true, limits: { messageWeight: 1_000_000 } })
    const { socket } = await plain(url)
    socket.send(`[${"{},".repeat(100_000)}{}]`)
    expect(await closed(socket)).toEqual([1009, "message too large"])
  })

  it("leave messages that waited in order, whoever else has to wait", async () => {
    let release = (): void => {}
    const first = new Promise<void>((resolve) => (release = resolve))
    const onMessage: GatewayOptions["onMessage"] = (data, client) =>
      data === "first" ? first.then(() => client.send(data)) : client.send(data)
    const { url } = await served({ onMessage })
    const { socket, next } = await plain(url)
    const sent = ["first", ...Array.from({ length: 200 }, (_, n) => String(n))]
    for (const data of sent) socket.send(data)
    release()
    const got: unknown[] = []
    while (got.length < sent.length) got.push(await next())
    expect(got).toEqual(sent)
  })

  it("a gateway closes a connection that sends an invalid frame", async () => {
    const { url } = await served()
    const { socket } = await plain(url)
    socket.send("x", { mask: false })
    expect((await closed(socket))[0]).toBe(1002)
  })
})

describe("a gateway's endpoint", () => {
  it("serves Phoenix's clients beside it, on a server of anybody's", async () => {
    const http = createServer((_request, response) => response.end("mine"))
    const endpoint = new Endpoint({ logger: false })
    endpoint.channel("room:*", { receive: { echo: (payload) => payload } })
    endpoint.gateway("/ws", { onMessage: (data, client) => client.send(data) })
    endpoint.attach(http)
    await once(http.listen(0, "127.0.0.1"), "listening")
    const { port } = http.address() as AddressInfo
    open.push(() => {
      http.closeAllConnections()
      http.close()
    })
    const { socket, next } = await plain(`ws://127.0.0.1:${port}/ws`)
    socket.send("x")
    expect(await next()).toBe("x")
    const phoenix = new Socket(`ws://127.0.0.1:${port}/socket`)
    open.push(() => phoenix.destroy())
    phoenix.connect()
    expect(await (await phoenix.join("room:1")).push("echo", { n: 1 })).toEqual({ n: 1 })
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe("mine")
    expect((await fetch(`http://127.0.0.1:${port}/ws`)).status).toBe(426)
  })

  it("sends its clients away when it closes, and lets nobody in", async () => {
    const { url, endpoint } = await served()
    const { socket } = await plain(url)
    const ended = closed(socket)
    await endpoint.close()
    expect((await ended)[0]).toBe(1012)
  })
})
