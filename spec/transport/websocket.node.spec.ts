import { once } from "node:events"
import { Agent, createServer, type IncomingMessage, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import type { Duplex } from "node:stream"
import { afterEach, describe, expect, it, vi } from "vitest"
import { WebSocketServer, type WebSocket as ServerSocket } from "ws"
import { ConnectError } from "../../lib/protocol/errors.js"
import type { Link, LinkOptions } from "../../lib/transport/transport.js"
import { webSocket, type WebSocketOptions } from "../../lib/transport/websocket.js"
import { freePort } from "../support/free-port.js"
import { LinkLog, linkOptions, Waitable } from "../support/link-log.js"

const servers: Server[] = []
const connections = new Set<Duplex>()

afterEach(async () => {
  // `server.close()` does not close upgraded connections.
  for (const connection of connections) connection.destroy()
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve))
})

interface Upgrade {
  request: IncomingMessage
  raw: Duplex
  accept: () => Promise<ServerSocket>
  refuse: (head: string) => void
}

/** A server whose handshakes the test answers. */
async function listen(): Promise<{ upgrades: Waitable<Upgrade>; url: string }> {
  const upgrades = new Waitable<Upgrade>()
  const server = createServer()
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => "phoenix" })
  server.on("upgrade", (request: IncomingMessage, raw: Duplex, head: Buffer) => {
    const accept = (): Promise<ServerSocket> =>
      new Promise((resolve) => sockets.handleUpgrade(request, raw, head, resolve))
    upgrades.push({
      request,
      raw,
      accept,
      refuse: (answer) => raw.end(`HTTP/1.1 ${answer}\r\ncontent-length: 0\r\n\r\n`),
    })
  })
  server.on("connection", (connection) => {
    connections.add(connection)
    connection.once("close", () => connections.delete(connection))
  })
  servers.push(server)
  await once(server.listen(0, "127.0.0.1"), "listening")
  return { upgrades, url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/socket/websocket?vsn=2.0.0` }
}

function connect(
  url: string,
  options?: WebSocketOptions,
  linkOverrides?: Partial<LinkOptions>,
): { log: LinkLog; link: Link } {
  const log = new LinkLog()
  return { log, link: webSocket(options).open(url, linkOptions(url, linkOverrides), log) }
}

async function opened(options?: WebSocketOptions): Promise<{ log: LinkLog; link: Link; socket: ServerSocket }> {
  const { upgrades, url } = await listen()
  const { log, link } = connect(url, options)
  const socket = await (await upgrades.next()).accept()
  expect(await log.next()).toEqual(["open", { skipHeartbeat: false }])
  return { log, link, socket }
}

describe("webSocket in Node", () => {
  it("carries text and bytes both ways, bytes in as an ArrayBuffer", async () => {
    const { log, link, socket } = await opened()
    const received = new Waitable<string | Buffer>()
    socket.on("message", (data: Buffer, isBinary) => received.push(isBinary ? data : data.toString()))
    link.send('["é"]')
    link.send(Uint8Array.of(9, 0, 1, 255, 9).subarray(1, 4))
    expect(await received.next()).toBe('["é"]')
    expect(await received.next()).toEqual(Buffer.of(0, 1, 255))
    socket.send('["ü"]')
    socket.send(Buffer.of(2, 1, 0))
    expect(await log.next()).toEqual(["frame", '["ü"]'])
    const [, frame] = await log.next()
    expect(frame).toBeInstanceOf(ArrayBuffer)
    expect(new Uint8Array(frame as ArrayBuffer)).toEqual(Uint8Array.of(2, 1, 0))
    link.close()
  })

  it.each([
    ["a code that may not be sent", 1005, ""],
    ["a code that does not exist", 70_000, ""],
    ["a reason that is too long", 4000, "x".repeat(124)],
  ])("closes the connection all the same with %s, and says what is allowed", async (_, code, reason) => {
    const { log, link, socket } = await opened()
    const closed = once(socket, "close")
    expect(() => link.close(code, reason)).toThrow(
      expect.objectContaining({ code: "bad_option", message: expect.stringContaining(`code ${code}: use 1000`) }),
    )
    expect((await closed)[0]).toBe(1005)
    expect((await log.next())[0]).toBe("close")
  })

  it("asks for the URL as it is given, and offers no subprotocol without an auth token", async () => {
    const { upgrades, url } = await listen()
    connect(url)
    const { request, accept } = await upgrades.next()
    expect(request.url).toBe("/socket/websocket?vsn=2.0.0")
    expect(request.headers["sec-websocket-protocol"]).toBeUndefined()
    await accept()
  })

  it("offers the auth token as a subprotocol", async () => {
    const { upgrades, url } = await listen()
    const { log } = connect(url, {}, { authToken: "secret-token" })
    const { request, accept } = await upgrades.next()
    expect(request.headers["sec-websocket-protocol"]).toBe("phoenix,base64url.bearer.phx.c2VjcmV0LXRva2Vu")
    await accept()
    expect((await log.next())[0]).toBe("open")
  })

  it("sends headers, and goes through the agent", async () => {
    const { upgrades, url } = await listen()
    const agent = new Agent()
    const asked = vi.spyOn(agent, "createConnection" as never)
    const { log } = connect(url, { headers: { "x-one": "1", cookie: "a=b" }, agent })
    const { request, accept } = await upgrades.next()
    expect(request.headers).toMatchObject({ "x-one": "1", cookie: "a=b" })
    expect(asked).toHaveBeenCalledOnce()
    await accept()
    expect((await log.next())[0]).toBe("open")
  })

  it("hands more options to ws, its headers among them", async () => {
    const { upgrades, url } = await listen()
    const { log } = connect(url, { request: { headers: { "x-two": "2" }, maxPayload: 10 } })
    const { request, accept } = await upgrades.next()
    expect(request.headers["x-two"]).toBe("2")
    const socket = await accept()
    await log.next()
    socket.send("x".repeat(11))
    expect(await log.next()).toEqual(["error", expect.anything()])
    expect(await log.next()).toEqual(["close", expect.objectContaining({ code: 1006 })])
  })

  it.each([
    ["403 Forbidden", 403],
    ["401 Unauthorized", 401],
    ["429 Too Many Requests", 429],
    ["502 Bad Gateway", 502],
    ["302 Found\r\nlocation: /login", 302],
    ["200 OK", 200],
  ])("tells the HTTP status of a refusal: %s", async (head, status) => {
    const { upgrades, url } = await listen()
    const { log } = connect(url)
    const { refuse } = await upgrades.next()
    refuse(head)
    const [what, error] = await log.next()
    expect(what).toBe("error")
    expect(error).toBeInstanceOf(ConnectError)
    expect(error).toMatchObject({ code: "connect_refused", status })
    expect((error as Error).message).toContain(`HTTP ${status}`)
    expect(await log.next()).toEqual(["close", expect.objectContaining({ code: 1006 })])
    expect(log.waiting).toEqual([])
  })

  it("fails without a status where no server listens, and where the server hangs up", async () => {
    const { upgrades, url } = await listen()
    const hungUp = connect(url)
    ;(await upgrades.next()).raw.destroy()
    const nobody = connect(`ws://127.0.0.1:${await freePort()}/socket/websocket`)
    for (const { log } of [hungUp, nobody]) {
      const [what, error] = await log.next()
      expect(what).toBe("error")
      expect(error).toMatchObject({ code: "connect_failed", status: undefined })
      expect(await log.next()).toEqual(["close", expect.objectContaining({ code: 1006 })])
    }
  })

  it("tells the code and the reason that the server closes with", async () => {
    const { log, socket } = await opened()
    socket.close(1012, "restart")
    expect(await log.next()).toEqual([
      "close",
      expect.objectContaining({ code: 1012, reason: "restart", wasClean: true }),
    ])
  })

  it("closes with the code and reason it is given, or without any", async () => {
    const withCode = await opened()
    withCode.link.close(4001, "bye")
    expect((await once(withCode.socket, "close")).map(String)).toEqual(["4001", "bye"])
    expect(await withCode.log.next()).toEqual([
      "close",
      expect.objectContaining({ code: 4001, reason: "bye", wasClean: true }),
    ])
    const without = await opened()
    without.link.close()
    expect((await once(without.socket, "close")).map(String)).toEqual(["1005", ""])
    expect(await without.log.next()).toEqual(["close", expect.objectContaining({ code: 1005, wasClean: true })])
  })

  it("can be closed before it is open", async () => {
    const { upgrades, url } = await listen()
    const { log, link } = connect(url)
    await upgrades.next()
    link.close()
    const told = [(await log.next())[0], (await log.next())[0]]
    expect(told).toEqual(["error", "close"])
    expect(log.waiting).toEqual([])
  })

  it("ends a connection 1.5 seconds after its close if the other end does not answer the close", async () => {
    const { upgrades, url } = await listen()
    const { log, link } = connect(url)
    const { raw, accept } = await upgrades.next()
    await accept()
    expect((await log.next())[0]).toBe("open")
    raw.removeAllListeners("data").resume()
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] })
    try {
      link.close(1000)
      expect(vi.getTimerCount()).toBe(1)
      vi.advanceTimersByTime(1500)
      expect(vi.getTimerCount()).toBe(0)
    } finally {
      vi.useRealTimers()
    }
    expect(await log.next()).toEqual(["close", expect.objectContaining({ code: 1006 })])
  })

  it("says how many bytes have not left yet", async () => {
    const { link, socket } = await opened()
    socket.pause()
    expect(link.bufferedAmount).toBe(0)
    const chunk = new Uint8Array(1 << 20)
    for (let i = 0; i < 20; i++) link.send(chunk)
    expect(link.bufferedAmount).toBeGreaterThan(1 << 20)
    socket.terminate()
  })
})
