import { createServer, type Server } from "node:http"
import { connect, type AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, describe, expect, it } from "vitest"
import { WebSocket, WebSocketServer } from "ws"
import { Endpoint } from "rookery/server"
import { WireClient } from "../support/wire-client.js"

const closing: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, resolve))
  closing.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

function endpointAt(path: string, ...servers: Server[]): Endpoint {
  const endpoint = new Endpoint({ path, logger: false }).channel("room:*", { join: () => path })
  for (const server of servers) endpoint.attach(server)
  closing.push(() => endpoint.close({ deadlineMs: 0 }))
  return endpoint
}

const open = (url: string): Promise<WebSocket> => {
  const socket = new WebSocket(url)
  closing.push(() => socket.terminate())
  return new Promise((resolve, reject) => {
    socket.on("open", () => resolve(socket))
    socket.on("error", reject)
  })
}

/** Sends bytes on a connection of its own, and gives all that comes until the server closes it. */
const send = (port: number, bytes: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(bytes))
    closing.push(() => socket.destroy())
    let text = ""
    socket.setEncoding("latin1").on("data", (chunk: string) => (text += chunk))
    socket.on("close", () => resolve(text))
    socket.on("error", reject)
  })

describe("an endpoint on a server of somebody else", () => {
  it("leaves the paths that are not its own, whether listeners were there before or come later", async () => {
    const seen: string[] = []
    const server = createServer((request, response) => {
      seen.push(request.url ?? "")
      response.end("theirs")
    })
    endpointAt("/socket", server)
    server.on("request", (request) => seen.push(`later ${request.url}`))
    const port = await listen(server)
    expect(await (await fetch(`http://127.0.0.1:${port}/page`)).text()).toBe("theirs")
    expect(await (await fetch(`http://127.0.0.1:${port}/socket/longpoll?vsn=2.0.0`)).json()).toMatchObject({
      status: 410,
    })
    expect((await fetch(`http://127.0.0.1:${port}/socket/websocket?vsn=2.0.0`)).status).toBe(426)
    expect(seen).toEqual(["/page", "later /page"])
  })

  it("shares upgrades with another websocket server", async () => {
    const server = createServer()
    endpointAt("/socket", server)
    const other = new WebSocketServer({ server, path: "/ws" })
    closing.push(() => other.close())
    other.on("connection", (socket) => socket.send("theirs"))
    const port = await listen(server)
    const theirs = new WebSocket(`ws://127.0.0.1:${port}/ws`)
    closing.push(() => theirs.terminate())
    expect(String(await new Promise((resolve) => theirs.on("message", resolve)))).toBe("theirs")
    await expect(open(`ws://127.0.0.1:${port}/socket/websocket?vsn=2.0.0`)).resolves.toBeInstanceOf(WebSocket)
  })

  it("hands an upgrade that nobody takes to whoever answers requests", async () => {
    const server = createServer((_, response) => void response.writeHead(418).end("theirs"))
    const silent = createServer()
    endpointAt("/socket", server, silent)
    await expect(open(`ws://127.0.0.1:${await listen(server)}/nowhere`)).rejects.toThrow("418")
    await expect(open(`ws://127.0.0.1:${await listen(silent)}/nowhere`)).rejects.toThrow("404")
  })

  it("shares it with other endpoints, and can let go of it", async () => {
    const server = createServer((_, response) => void response.end("theirs"))
    const first = endpointAt("/a", server)
    endpointAt("/b/", server)
    const port = await listen(server)
    for (const path of ["/a", "/b"]) {
      const client = await WireClient.connect(port, { path })
      closing.push(() => client.socket.terminate())
      expect(await client.join("room:1")).toMatchObject({ 4: { status: "ok" } })
    }
    first.attach(server)()
    expect(await (await fetch(`http://127.0.0.1:${port}/a/longpoll?vsn=2.0.0`)).text()).toBe("theirs")
  })

  it("can be on several servers", async () => {
    const [one, two] = [createServer(), createServer()]
    const endpoint = endpointAt("/socket", one, two)
    const clients = [await WireClient.connect(await listen(one)), await WireClient.connect(await listen(two))]
    for (const client of clients) {
      closing.push(() => client.socket.terminate())
      await client.join("room:1")
    }
    endpoint.broadcast("room:1", "news", {})
    for (const client of clients) expect(await client.next()).toEqual([null, null, "room:1", "news", {}])
  })

  it("reports an accept that fails, and leaves it to the listeners of a server that has some", async () => {
    const [server, listened] = [createServer(), createServer()]
    const heard: unknown[] = []
    const failed: unknown[] = []
    listened.on("error", (error) => heard.push(error))
    endpointAt("/socket", server, listened).on("error", ({ error, where }) => failed.push([where, error]))
    const full = Object.assign(new Error("accept EMFILE"), { code: "EMFILE", syscall: "accept" })
    server.emit("error", full)
    listened.emit("error", full)
    expect(failed).toEqual([["accept", full]])
    expect(heard).toEqual([full])
    const other = Object.assign(new Error("listen EADDRINUSE"), { code: "EADDRINUSE", syscall: "listen" })
    expect(() => server.emit("error", other)).toThrow("EADDRINUSE")
  })

  it("has faults answered as Node answers them, and by the listeners of a server that has some", async () => {
    const [server, listened] = [createServer(), createServer()]
    listened.on("clientError", (_, socket) => void socket.end("HTTP/1.1 418 I'm a teapot\r\n\r\n"))
    endpointAt("/socket", server, listened)
    const long = `x: ${"y".repeat(20_000)}`
    const port = await listen(server)
    expect(await send(port, "nonsense\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 Bad Request\r\nConnection: close\r\n\r\n$/)
    expect(await send(port, `GET / HTTP/1.1\r\n${long}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 /)
    expect(await send(await listen(listened), "nonsense\r\n\r\n")).toMatch(/^HTTP\/1\.1 418 /)
  })

  it("says that a body may come where nothing else does", async () => {
    const heard: unknown[] = []
    const server = createServer((request, response) => void request.resume().on("end", () => response.end("theirs")))
    const listened = createServer()
    listened.on("checkContinue", (request, response) => {
      heard.push(request.url)
      response.writeHead(417).end()
    })
    endpointAt("/socket", server, listened)
    const head =
      "POST /page HTTP/1.1\r\nhost: a\r\nconnection: close\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n"
    const answers = await send(await listen(server), `${head}{}`)
    expect(answers.match(/^HTTP\/1\.1 \d+/gm)).toEqual(["HTTP/1.1 100", "HTTP/1.1 200"])
    expect(await send(await listen(listened), head)).toMatch(/^HTTP\/1\.1 417 /)
    expect(heard).toEqual(["/page"])
  })

  it("serves clients over a Unix socket, which have no address", async () => {
    const path = join(tmpdir(), `rookery-${process.pid}.sock`)
    const addresses: unknown[] = []
    const endpoint = new Endpoint({ logger: false, connect: ({ address }) => void addresses.push(address) })
    closing.push(() => endpoint.close({ deadlineMs: 0 }))
    await endpoint.listen({ path })
    await open(`ws+unix://${path}:/socket/websocket?vsn=2.0.0`)
    expect(addresses).toEqual([undefined])
    expect(endpoint.counters().rookery_tcp_connections).toBe(1)
  })

  it("answers other paths by the listener that it listens with", async () => {
    const endpoint = new Endpoint({ logger: false })
    closing.push(() => endpoint.close({ deadlineMs: 0 }))
    const { port } = await endpoint.listen({}, (request, response) => response.end(`you asked for ${request.url}`))
    expect(await (await fetch(`http://127.0.0.1:${port}/page`)).text()).toBe("you asked for /page")
    expect((await fetch(`http://127.0.0.1:${port}/socket/websocket`)).status).toBe(426)
  })
})
