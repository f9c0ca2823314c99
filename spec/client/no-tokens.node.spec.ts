import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import type { Duplex } from "node:stream"
import { inspect } from "node:util"
import { afterEach, describe, expect, it } from "vitest"
import { Connection, longPoll, Socket, webSocket, type SocketOptions } from "rookery"

const SECRET = "s3cr3t"
const SECRETS = [SECRET, Buffer.from(SECRET).toString("base64").replace(/=/g, ""), "an-invalid\ntoken", "p4ssword"]

const undo: (() => void)[] = []
afterEach(() => undo.splice(0).forEach((step) => step()))

/** A server that answers each request, and each upgrade, in one way. */
async function listen(answer: (socket: Duplex) => void): Promise<string> {
  const server: Server = createServer((request) => answer(request.socket))
  server.on("upgrade", (_request, socket) => answer(socket))
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  undo.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/socket`
}

const REFUSES = "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
const LEADS_AWAY = `HTTP/1.1 302 Found\r\nlocation: /elsewhere?token=${SECRET}\r\ncontent-length: 0\r\n\r\n`
const LIES = "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n"

const SERVERS: [what: string, url: () => Promise<string>][] = [
  ["refuses", () => listen((socket) => void socket.end(REFUSES))],
  ["hangs up", () => listen((socket) => void socket.destroy())],
  ["leads elsewhere", () => listen((socket) => void socket.end(LEADS_AWAY))],
  ["answers nonsense", () => listen((socket) => void socket.end("nonsense\r\n\r\n"))],
  ["upgrades to nothing", () => listen((socket) => void socket.end(LIES))],
  ["says nothing", () => listen(() => {})],
  ["is not there", async () => "ws://127.0.0.1:1/socket"],
  ["has no name that is one", async () => "ws://no such host/socket"],
  ["is at no URL", async () => "ws://[/socket"],
  ["is named with a password", async () => "ws://me:p4ssword@127.0.0.1:1/socket"],
  ["speaks another scheme", async () => "gopher://127.0.0.1/socket"],
]

const OPTIONS: [what: string, options: SocketOptions][] = [
  ["a websocket", {}],
  ["a websocket with headers", { transport: webSocket({ headers: { cookie: SECRET, authorization: SECRET } }) }],
  ["long-poll", { transport: longPoll() }],
  ["long-poll behind a websocket", { longPollFallbackMs: 100 }],
  ["long-poll, with a token that no header takes,", { transport: longPoll(), authToken: "an-invalid\ntoken" }],
]

/** All that anybody might print, as deep as it goes. */
const everything = (what: unknown): string =>
  inspect(what, { depth: 12, maxStringLength: Infinity, maxArrayLength: Infinity })

describe.each(SERVERS)("a server that %s", (_what, server) => {
  it.each(OPTIONS)(
    "teaches nobody the secrets of a client over %s by its errors and its log",
    async (_name, options) => {
      const seen: unknown[] = []
      const socket = new Socket(await server(), {
        params: { token: SECRET },
        authToken: SECRET,
        timeout: 300,
        longpollerTimeout: 200,
        reconnectAfterMs: (_tries, lost) => {
          seen.push(lost)
          return false
        },
        logger: (...line) => seen.push(line),
        ...options,
      })
      undo.push(() => socket.destroy())
      socket.onError((...told: unknown[]) => seen.push(told))
      socket.onClose((...told: unknown[]) => seen.push(told))
      socket.onStatus((...told) => seen.push(told))
      const room = socket.channel("room:1", {})
      room.onError((reason: unknown) => seen.push(reason))
      room.join(200).receive("timeout", () => seen.push("timeout"))
      socket.connect()
      await socket.opened({ timeout: 400 }).catch((error: unknown) => seen.push(error, (error as Error).stack))
      const error = await room.push("ask", {}, 100).then(
        () => undefined,
        (error: unknown) => error,
      )
      seen.push(error, String(error))
      socket.disconnect()
      expect(seen.length).toBeGreaterThan(4)
      const all = everything(seen) + JSON.stringify(seen.map(String))
      expect(
        SECRETS.filter((secret) => all.includes(secret) || all.includes(JSON.stringify(secret).slice(1, -1))),
      ).toEqual([])
    },
  )

  it("teaches nobody those of a plain connection", async () => {
    const seen: unknown[] = []
    const connection = new Connection(`${await server()}?token=${SECRET}`, { reconnect: false })
    undo.push(() => connection.destroy())
    connection.on("error", (error) => seen.push(error))
    connection.on("close", (info) => seen.push(info))
    connection.on("status", (...told) => seen.push(told))
    await connection.connect({ timeout: 300 }).catch((error: unknown) => seen.push(error))
    connection.destroy()
    expect(seen.length).toBeGreaterThan(0)
    expect(SECRETS.filter((secret) => everything(seen).includes(secret))).toEqual([])
  })
})
