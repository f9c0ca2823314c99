import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest"
import { WebSocketServer, type WebSocket } from "ws"
import { freePort } from "../support/free-port.js"
import { Connection, type ConnectionEvents, type ConnectionOptions } from "rookery"

let server: WebSocketServer
let url: string
let port: number

async function listen(on = 0): Promise<void> {
  server = new WebSocketServer({ port: on, host: "127.0.0.1" })
  await new Promise((resolve) => server.once("listening", resolve))
  port = (server.address() as AddressInfo).port
  url = `ws://127.0.0.1:${port}/ws`
}

beforeEach(() => listen())
afterEach(() => {
  for (const client of server.clients) client.terminate()
  server.close()
})

const client = (): Promise<WebSocket> => new Promise((resolve) => server.once("connection", resolve))

const frames = (socket: WebSocket, count: number): Promise<(string | Buffer)[]> =>
  new Promise((resolve) => {
    const seen: (string | Buffer)[] = []
    socket.on("message", (data: Buffer, isBinary) => {
      seen.push(isBinary ? data : data.toString())
      if (seen.length === count) resolve(seen)
    })
  })

function connection(options?: ConnectionOptions): Connection {
  const made = new Connection(url, { reconnectAfterMs: () => 10, ...options })
  onTestFinished(() => made.destroy())
  return made
}

const event = <E extends keyof ConnectionEvents>(of: Connection, name: E): Promise<ConnectionEvents[E]> =>
  new Promise((resolve) => {
    const off = of.on(name, (...args: ConnectionEvents[E]) => {
      off()
      resolve(args)
    })
  })

describe("sending", () => {
  it("takes text and bytes as they are, and anything else as JSON", async () => {
    const gateway = connection()
    const [peer] = await Promise.all([client(), gateway.connect()])
    const seen = frames(peer, 5)
    gateway.send("text")
    gateway.send({ action: "pause_download", download_id: "7" })
    gateway.send(Uint8Array.of(1, 2, 3).subarray(1))
    gateway.sendTo("room:lobby", { text: "hi" })
    gateway.send("hi", { room: "r" })
    expect(await seen).toEqual([
      "text",
      '{"action":"pause_download","download_id":"7"}',
      Buffer.of(2, 3),
      '{"room":"room:lobby","data":{"text":"hi"}}',
      '{"room":"r","data":"hi"}',
    ])
  })

  it("wraps what goes to a room as it is told", async () => {
    const gateway = connection({ envelope: (to, body) => ({ to, body }) })
    const [peer] = await Promise.all([client(), gateway.connect()])
    const seen = frames(peer, 1)
    gateway.sendTo("lobby", 1)
    expect(await seen).toEqual(['{"to":"lobby","body":1}'])
  })

  it("messages wait for a connection, up to a limit", async () => {
    const gateway = connection({ bufferSize: 2 })
    gateway.send("1")
    gateway.send("2")
    expect(() => gateway.send("3")).toThrow(expect.objectContaining({ code: "buffer_full" }))
    const peer = client()
    void gateway.connect()
    expect(await frames(await peer, 2)).toEqual(["1", "2"])
  })

  it("says what JSON cannot carry", () => {
    expect(() => connection().send({ n: 1n })).toThrow(expect.objectContaining({ code: "unencodable" }))
    expect(() => connection().send(undefined)).toThrow(expect.objectContaining({ code: "unencodable" }))
  })
})

describe("receiving", () => {
  it("gives text as text and bytes as bytes", async () => {
    const gateway = connection()
    const [peer] = await Promise.all([client(), gateway.connect()])
    const text = event(gateway, "message")
    peer.send('{"a":1}')
    expect(await text).toEqual(['{"a":1}'])
    const bytes = event(gateway, "message")
    peer.send(Buffer.of(1, 2))
    expect(new Uint8Array((await bytes)[0] as ArrayBuffer)).toEqual(Uint8Array.of(1, 2))
  })

  it("parses JSON where that is wanted, and tells of what is none", async () => {
    const gateway = connection({ json: true })
    const [peer] = await Promise.all([client(), gateway.connect()])
    const good = event(gateway, "message")
    peer.send('{"a":1}')
    expect(await good).toEqual([{ a: 1 }])
    const bad = event(gateway, "error")
    peer.send("{")
    expect(await bad).toMatchObject([{ code: "bad_frame" }])
  })

  it("goes on when a callback throws, and tells of it", async () => {
    const gateway = connection()
    const [peer] = await Promise.all([client(), gateway.connect()])
    const fault = new Error("mine")
    gateway.on("message", () => {
      throw fault
    })
    const [second, error] = [event(gateway, "message"), event(gateway, "error")]
    peer.send("x")
    expect(await second).toEqual(["x"])
    expect(await error).toMatchObject([{ code: "handler_failed", cause: fault }])
  })
})

describe("a listener of error that throws", () => {
  it("is called once, and the connection goes on", async () => {
    const gateway = connection({ json: true })
    const [peer] = await Promise.all([client(), gateway.connect()])
    const print = vi.spyOn(console, "error").mockImplementation(() => {})
    onTestFinished(() => print.mockRestore())
    const fault = new Error("mine")
    const calls = vi.fn(() => {
      throw fault
    })
    gateway.on("error", calls)
    const good = event(gateway, "message")
    peer.send("{")
    peer.send("1")
    expect(await good).toEqual([1])
    expect(calls).toHaveBeenCalledOnce()
    expect(print).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code: "handler_failed", cause: fault }))
  })
})

describe("staying connected", () => {
  it("comes back by itself, and sends what waited", async () => {
    const gateway = connection()
    const [peer] = await Promise.all([client(), gateway.connect()])
    const statuses: string[] = []
    gateway.on("status", (status) => statuses.push(status))
    const [closed, again] = [event(gateway, "close"), client()]
    peer.close(4001, "off you go")
    expect(await closed).toMatchObject([{ code: 4001, reason: "off you go" }])
    expect([gateway.isConnected, gateway.closeInfo]).toMatchObject([false, { code: 4001 }])
    gateway.send("waited")
    expect(await frames(await again, 1)).toEqual(["waited"])
    expect([gateway.isConnected, gateway.closeInfo, statuses]).toEqual([true, undefined, ["reconnecting", "connected"]])
  })

  it("survives a server that is gone for a while", async () => {
    // At a port that no other program is given while the server is gone.
    server.close()
    await listen(await freePort())
    const gateway = connection()
    const [peer] = await Promise.all([client(), gateway.connect()])
    const failed = event(gateway, "error")
    server.close()
    peer.terminate()
    await failed
    const open = event(gateway, "open")
    await listen(port)
    await open
    expect(gateway.status).toBe("connected")
  })

  it("stays away where that is wanted", async () => {
    const gateway = connection({ reconnect: false })
    const [peer] = await Promise.all([client(), gateway.connect()])
    const closed = event(gateway, "close")
    peer.close()
    await closed
    expect(gateway.status).toBe("disconnected")
  })

  it("stays disconnected after disconnect until connect is called again", async () => {
    const gateway = connection()
    await Promise.all([client(), gateway.connect()])
    await gateway.disconnect(4000, "enough")
    expect([gateway.status, gateway.closeInfo]).toMatchObject(["disconnected", { code: 4000 }])
    await Promise.all([client(), gateway.connect()])
    expect(gateway.isConnected).toBe(true)
  })

  it("asks for the URL anew at every attempt", async () => {
    const where = vi.fn(async () => url)
    const gateway = new Connection(where, { reconnectAfterMs: () => 10 })
    onTestFinished(() => gateway.destroy())
    const [peer] = await Promise.all([client(), gateway.connect()])
    const again = client()
    peer.terminate()
    await again
    expect(where).toHaveBeenCalledTimes(2)
  })

  it("says with which status a server refused it", async () => {
    const refusing = createServer().on("upgrade", (_request, socket) => socket.end("HTTP/1.1 403 Forbidden\r\n\r\n"))
    await new Promise<void>((resolve) => refusing.listen(0, "127.0.0.1", resolve))
    onTestFinished(() => void refusing.close())
    const gateway = new Connection(`ws://127.0.0.1:${(refusing.address() as AddressInfo).port}`, { reconnect: false })
    await expect(gateway.connect()).rejects.toMatchObject({ code: "connect_refused", status: 403 })
  })
})

describe("the promise of connect()", () => {
  it("rejects when its time is up or its signal is aborted, while the attempts go on", async () => {
    const gateway = connection()
    server.close()
    gateway.on("error", () => {})
    const late = gateway.connect({ timeout: 20 })
    const aborted = gateway.connect({ signal: AbortSignal.abort() })
    await expect(late).rejects.toMatchObject({ code: "timeout" })
    await expect(aborted).rejects.toMatchObject({ code: "aborted" })
    expect(gateway.status).toMatch(/^(re)?connecting$/)
  })
})
