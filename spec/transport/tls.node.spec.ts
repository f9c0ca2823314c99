import { readFileSync } from "node:fs"
import { createServer as createHttpServer, Agent, type IncomingMessage, type Server } from "node:http"
import { Agent as TlsAgent, createServer as createTlsServer, type ServerOptions } from "node:https"
import { connect as connectTcp, type AddressInfo, type Socket as TcpSocket } from "node:net"
import type { Duplex } from "node:stream"
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from "node:tls"
import { Socket, webSocket, type ConnectError, type WebSocketOptions } from "rookery"
import { Endpoint } from "rookery/server"
import { afterEach, describe, expect, it } from "vitest"

/** Files of an authority that no machine trusts; the certificates are for `localhost`. */
const pem = (name: string): string =>
  readFileSync(new URL(`../support/private-ca/${name}.pem`, import.meta.url), "utf8")
const CA = pem("ca")

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function listen(server: Server): Promise<number> {
  const lines = new Set<Duplex>()
  server.on("connection", (line) => lines.add(line))
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  closing.push(() => {
    for (const line of lines) line.destroy()
    return new Promise((resolve) => server.close(resolve))
  })
  return (server.address() as AddressInfo).port
}

/** An endpoint that answers with the headers and the client certificate of the handshake. */
async function serve(server: Server): Promise<number> {
  const endpoint = new Endpoint({
    logger: false,
    connect: ({ request }) => ({ assigns: { headers: request?.headers, client: clientOf(request) } }),
  })
  endpoint.channel("room:*", { receive: { handshake: (_payload, room) => room.assigns } })
  endpoint.attach(server)
  const port = await listen(server)
  closing.push(() => endpoint.close({ deadlineMs: 0 }))
  return port
}

const serveTls = (options: ServerOptions = {}): Promise<number> =>
  serve(createTlsServer({ key: pem("server-key"), cert: pem("server"), ...options }))

const clientOf = (request: IncomingMessage | undefined): unknown =>
  (request?.socket as TLSSocket | undefined)?.getPeerCertificate?.().subject?.CN

/** The result of the handshake at the server, or the reason why there was none. */
async function handshake(url: string, options: WebSocketOptions): Promise<{ headers: object; client?: string }> {
  const socket = new Socket(url, { transport: webSocket(options), maxReconnectAttempts: 0 })
  closing.push(() => Promise.resolve(socket.destroy()))
  socket.connect()
  await socket.opened()
  return (await (await socket.join("room:1")).push("handshake")) as { headers: object; client?: string }
}

const failure = (promise: Promise<unknown>): Promise<ConnectError> =>
  promise.then(
    () => expect.fail("connected"),
    (error: ConnectError) => error,
  )

const reasonOf = ({ cause }: ConnectError): string => {
  const { error, message } = cause as { error?: Error; message: string }
  return error?.message ?? message
}

/** A proxy that connects clients with the right password, and the targets that they asked for. */
async function startProxy(): Promise<{ port: number; asked: string[] }> {
  const asked: string[] = []
  const server = createHttpServer()
  server.on("connect", (request: IncomingMessage, line: Duplex) => {
    asked.push(request.url ?? "")
    line.on("error", () => {})
    if (request.headers["proxy-authorization"] !== "Basic dXNlcjpzZWNyZXQ=") {
      line.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
      return
    }
    const [host = "", port] = (request.url ?? "").split(":")
    const other = connectTcp(Number(port), host, () => {
      line.write("HTTP/1.1 200 Connection established\r\n\r\n")
      line.pipe(other).pipe(line)
    })
    other.on("error", () => line.destroy())
    line.on("close", () => other.destroy())
  })
  return { port: await listen(server), asked }
}

type Connected = (error: Error | null, line?: Duplex) => void
type Target = ConnectionOptions & { host: string; port: number }

/** Asks a proxy for a connection, as common agents do. */
function throughProxy(proxy: number, password: string, { host, port }: Target, connected: Connected): void {
  const line: TcpSocket = connectTcp(proxy, "127.0.0.1")
  const authorization = `Basic ${Buffer.from(`user:${password}`).toString("base64")}`
  line.write(
    `CONNECT ${host}:${port} HTTP/1.1\r\nhost: ${host}:${port}\r\nproxy-authorization: ${authorization}\r\n\r\n`,
  )
  line.once("error", connected)
  line.once("data", (answer) => {
    const [status = ""] = answer.toString().split("\r\n")
    if (status.includes(" 200 ")) return connected(null, line)
    line.destroy()
    connected(new Error(`the proxy says ${status}`))
  })
}

function proxyAgent(proxy: number, password: string): Agent {
  const agent = new Agent()
  return Object.assign(agent, {
    createConnection: (target: Target, connected: Connected) => throughProxy(proxy, password, target, connected),
  })
}

function tlsProxyAgent(proxy: number, password: string): TlsAgent {
  const agent = new TlsAgent()
  return Object.assign(agent, {
    createConnection(target: Target, connected: Connected) {
      throughProxy(proxy, password, target, (error, line) => {
        if (!line) return connected(error)
        connected(null, connectTls({ ...target, socket: line as TcpSocket, path: undefined }))
      })
    },
  })
}

describe("the client over TLS", () => {
  it("trusts an authority that it is given", async () => {
    const port = await serveTls()
    const { headers } = await handshake(`wss://localhost:${port}/socket`, { request: { ca: CA } })
    expect(headers).toMatchObject({ host: `localhost:${port}`, upgrade: "websocket" })
  })

  it("trusts no other, and says so", async () => {
    const port = await serveTls()
    const error = await failure(handshake(`wss://localhost:${port}/socket`, {}))
    expect(error.code).toBe("connect_failed")
    expect(reasonOf(error)).toContain("unable to verify the first certificate")
  })

  it("does not take a certificate for another host's", async () => {
    const port = await serveTls()
    const request = { ca: CA, servername: "example.com" }
    const error = await failure(handshake(`wss://localhost:${port}/socket`, { request }))
    expect(reasonOf(error)).toContain("does not match certificate's altnames")
  })

  it("shows a certificate of its own where one is asked for", async () => {
    const port = await serveTls({ ca: CA, requestCert: true, rejectUnauthorized: true })
    const url = `wss://localhost:${port}/socket`
    const own = { ca: CA, cert: pem("client"), key: pem("client-key") }
    expect((await handshake(url, { request: own })).client).toBe("client of the specs")
    expect((await handshake(url, { agent: new TlsAgent(own) })).client).toBe("client of the specs")
    expect((await failure(handshake(url, { request: { ca: CA } }))).code).toBe("connect_failed")
  })
})

describe("the client behind a proxy", () => {
  const headers = { "x-tenant": "blue", cookie: "session=1" }

  it("gets through with its agent, and its headers with it", async () => {
    const [port, proxy] = [await serve(createHttpServer()), await startProxy()]
    const agent = proxyAgent(proxy.port, "secret")
    expect((await handshake(`ws://127.0.0.1:${port}/socket`, { agent, headers })).headers).toMatchObject(headers)
    expect(proxy.asked).toEqual([`127.0.0.1:${port}`])
  })

  it("gets through to a server with TLS of a private authority", async () => {
    const [port, proxy] = [await serveTls(), await startProxy()]
    const agent = tlsProxyAgent(proxy.port, "secret")
    const options = { agent, headers, request: { ca: CA } }
    expect((await handshake(`wss://localhost:${port}/socket`, options)).headers).toMatchObject(headers)
    expect(proxy.asked).toEqual([`localhost:${port}`])
    const error = await failure(handshake(`wss://localhost:${port}/socket`, { agent }))
    expect(reasonOf(error)).toContain("unable to verify the first certificate")
  })

  it("says what the proxy says when it does not", async () => {
    const [port, proxy] = [await serve(createHttpServer()), await startProxy()]
    const agent = proxyAgent(proxy.port, "guessed")
    const error = await failure(handshake(`ws://127.0.0.1:${port}/socket`, { agent }))
    expect(error.code).toBe("connect_failed")
    expect(reasonOf(error)).toContain("407 Proxy Authentication Required")
  })
})
