import { once } from "node:events"
import { readFileSync } from "node:fs"
import { createServer, request as httpRequest, type RequestListener, type Server } from "node:http"
import { createServer as createHttpsServer, request as httpsRequest } from "node:https"
import type { AddressInfo } from "node:net"
import { ChatServer } from "rookery/chat/server"
import { Endpoint, Refused, type Connect, type Limits } from "rookery/server"
import { answer, WireClient } from "../../support/wire-client.js"

/** A server to try. */
export interface Target {
  readonly name: string
  readonly port: number
  readonly secure: boolean
}

/** Servers of every kind that an endpoint can be attached to, and honest clients. */
export interface Backend extends AsyncDisposable {
  readonly targets: readonly Target[]
  /** The tokens of long-poll sessions at the targets that have some. */
  tokens(): Promise<readonly string[]>
  /** Resolves once each target has served an earlier client and a new one; rejects if a target does not. */
  honest(): Promise<void>
  /** Resolves with the number of connections that the endpoint still has, once that number no longer falls. */
  left(): Promise<number>
}

/** Times are short enough that each deadline is reached, and long enough for honest handshakes on a busy machine. */
const LIMITS: Partial<Limits> = {
  handshakeMs: 6000,
  messageMs: 1000,
  closeMs: 500,
  pollWindowMs: 1000,
  connectMs: 1000,
  connectsPerSecond: Infinity,
}

const PATIENCE_MS = 60_000

const pem = (name: string): string =>
  readFileSync(new URL(`../../support/private-ca/${name}.pem`, import.meta.url), "utf8")

const connect: Connect<object> = ({ params }) => {
  switch (params["how"]) {
    case "never":
      return new Promise(() => {})
    case "late":
      return new Promise((resolve) => setImmediate(resolve, true))
    case "throws":
      throw new Refused({ reason: "no" }, { status: 418, body: "no" })
    default:
      return params["how"] !== "no"
  }
}

const LARGE = Buffer.alloc(1 << 20)

/** The pages of another program. */
const pages: RequestListener = (request, response) => {
  request.on("error", () => {})
  response.on("error", () => {})
  switch (request.url) {
    case "/never":
      return
    case "/slow":
      return void setImmediate(() => response.end("slow"))
    case "/large":
      return void response.end(LARGE)
    case "/echo":
      return void request.pipe(response)
    default:
      response.end("page")
  }
}

/** The status and the body of a plain request. */
function ask({ port, secure }: Target, path: string): Promise<[status: number, body: string]> {
  const options = { port, host: "127.0.0.1", path, agent: false, rejectUnauthorized: false, timeout: PATIENCE_MS }
  return new Promise((resolve, reject) => {
    const asked = (secure ? httpsRequest : httpRequest)(options, (response) => {
      let body = ""
      response.setEncoding("utf8").on("data", (chunk: string) => (body += chunk))
      response.on("end", () => resolve([response.statusCode ?? 0, body])).on("error", reject)
    })
    asked.on("timeout", () => asked.destroy(new Error(`no answer to ${path}`))).on("error", reject)
    asked.end()
  })
}

/** Opens the servers. */
export async function openBackend(): Promise<Backend> {
  const servers: Server[] = [
    createServer(pages),
    createHttpsServer({ key: pem("server-key"), cert: pem("server") }, pages),
  ]
  const endpoint = new Endpoint({ logger: false, limits: LIMITS, connect }).channel("room:*", {
    receive: { echo: (payload: unknown) => payload },
  })
  for (const server of servers) {
    // The server's own deadlines apply to the pages.
    Object.assign(server, { headersTimeout: 3000, requestTimeout: 4000, keepAliveTimeout: 1000 })
    endpoint.attach(server)
    server.listen(0, "127.0.0.1")
    await once(server, "listening")
  }
  const own = new Endpoint({ logger: false, limits: LIMITS, connect }).channel("room:*", {
    receive: { echo: (payload: unknown) => payload },
  })
  const { port: ownPort } = await own.listen({ host: "127.0.0.1" })
  const chat = new ChatServer({ logger: false, print: () => {}, page: false, endpoint: { limits: LIMITS } })
  const { port: chatPort } = await chat.listen()
  const [plain, tls] = servers.map((server) => (server.address() as AddressInfo).port) as [number, number]
  const targets: Target[] = [
    { name: "attached", port: plain, secure: false },
    { name: "attached to HTTPS", port: tls, secure: true },
    { name: "listening", port: ownPort, secure: false },
    { name: "the chat", port: chatPort, secure: false },
  ]
  const sockets = [targets[0], targets[2]] as [Target, Target]
  const join = async ({ port }: Target): Promise<WireClient> => {
    const client = await WireClient.connect(port)
    await client.join("room:honest")
    return client
  }
  const echo = async (client: WireClient, target: Target): Promise<void> => {
    client.send("1", "2", "room:honest", "echo", { still: 1 })
    const told = JSON.stringify(answer(await client.next()))
    if (told !== '{"status":"ok","response":{"still":1}}') throw new Error(`${target.name}: an honest push got ${told}`)
  }
  const before = await Promise.all(sockets.map(join))
  return {
    targets,
    async tokens() {
      const [[, one], [, other]] = (await Promise.all(
        sockets.map((target) => ask(target, "/socket/longpoll?vsn=2.0.0")),
      )) as [[number, string], [number, string]]
      return [one, other].map((body) => (JSON.parse(body) as { token: string }).token)
    },
    async honest() {
      for (const [at, target] of sockets.entries()) {
        await echo(before[at] as WireClient, target)
        const fresh = await join(target)
        await echo(fresh, target)
        await fresh.close()
      }
      for (const target of targets) {
        const path = target.name === "the chat" ? "/login?token=x" : "/socket/longpoll?vsn=2.0.0"
        const [status] = await ask(target, path).catch((error: unknown) => [error])
        if (status !== 200) throw new Error(`${target.name}: an honest request got ${status}`)
      }
    },
    async left() {
      const counts = (): number =>
        endpoint.counters().rookery_tcp_connections +
        own.counters().rookery_tcp_connections +
        chat.endpoint.counters().rookery_tcp_connections
      const deadline = performance.now() + PATIENCE_MS
      while (counts() > before.length && performance.now() < deadline) {
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      return counts() - before.length
    },
    async [Symbol.asyncDispose]() {
      for (const client of before) client.socket.terminate()
      for (const server of servers) {
        server.closeAllConnections()
        server.close()
      }
      await Promise.all([endpoint, own, chat].map((each) => each.close({ deadlineMs: 0 })))
    },
  }
}
