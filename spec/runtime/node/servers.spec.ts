import { once } from "node:events"
import { readFileSync } from "node:fs"
import { createServer, type Server } from "node:http"
import { connect, createSecureServer } from "node:http2"
import { createServer as createTlsServer, request as tlsRequest } from "node:https"
import type { AddressInfo } from "node:net"
import { serve } from "@hono/node-server"
import express from "express"
import fastify from "fastify"
import { Hono } from "hono"
import { afterEach, describe, expect, it } from "vitest"
import { WebSocket } from "ws"
import { Endpoint, type AnyHttpServer } from "rookery/server"

const closing: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

function makeEndpoint(path = "/socket"): Endpoint {
  const endpoint = new Endpoint({ path, logger: false, origins: "*" }).channel("room:*", {
    join: () => ({ path }),
    receive: { echo: (payload) => payload },
  })
  closing.push(() => endpoint.close({ deadlineMs: 0 }))
  return endpoint
}

const pem = (name: string): string =>
  readFileSync(new URL(`../../support/private-ca/${name}.pem`, import.meta.url), "utf8")

const TLS = { key: pem("server-key"), cert: pem("server") }

/** Listens, and returns the port. */
async function listening(server: AnyHttpServer): Promise<number> {
  if (!server.listening) {
    server.listen(0, "127.0.0.1")
    await once(server, "listening")
  }
  closing.push(() => {
    if ("closeAllConnections" in server) server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

/** A request for a page of a server, by its scheme. */
function get(url: string, method = "GET", body = ""): Promise<{ status: number; text: string }> {
  if (url.startsWith("http:")) {
    return fetch(url, {
      method,
      ...(body !== "" && { body, headers: { "content-type": "application/x-ndjson" } }),
    }).then(async (response) => ({ status: response.status, text: await response.text() }))
  }
  return new Promise((resolve, reject) => {
    const headers = body === "" ? {} : { "content-type": "application/x-ndjson" }
    const request = tlsRequest(url, { method, rejectUnauthorized: false, headers, agent: false }, (response) => {
      let text = ""
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk))
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }))
    })
    request.on("error", reject)
    request.end(body)
  })
}

/** The answers to a join and a push, over a websocket and over long-poll. */
async function talk(base: string, path = "/socket"): Promise<unknown> {
  const socket = new WebSocket(`${base.replace(/^http/, "ws")}${path}/websocket?vsn=2.0.0`, {
    rejectUnauthorized: false,
  })
  closing.push(() => socket.terminate())
  await once(socket, "open")
  const answers: unknown[] = []
  for (const frame of [
    ["1", "1", "room:1", "phx_join", {}],
    ["1", "2", "room:1", "echo", { text: "hi" }],
  ]) {
    socket.send(JSON.stringify(frame))
    const [data] = (await once(socket, "message")) as [Buffer]
    answers.push((JSON.parse(String(data)) as unknown[])[4])
  }
  const poll = `${base}${path}/longpoll?vsn=2.0.0`
  const { token } = JSON.parse((await get(poll)).text) as { token: string }
  const session = `${poll}&token=${encodeURIComponent(token)}`
  const sent = await get(session, "POST", JSON.stringify(["1", "1", "room:2", "phx_join", {}]))
  answers.push(JSON.parse(sent.text))
  const { messages } = JSON.parse((await get(session)).text) as { messages: string[] }
  for (const message of messages) answers.push((JSON.parse(message) as unknown[])[4])
  return answers
}

const joined = (path = "/socket"): object => ({ status: "ok", response: { path } })
const TALK = [joined(), { status: "ok", response: { text: "hi" } }, { status: 200 }, joined()]

describe.each([
  [
    "Express",
    async () => {
      const app = express().get("/page", (_, response) => void response.send("theirs"))
      return createServer(app as unknown as Parameters<typeof createServer>[0])
    },
  ],
  [
    "Fastify",
    async () => {
      const app = fastify().get("/page", () => "theirs")
      await app.listen({ port: 0, host: "127.0.0.1" })
      closing.push(() => app.close())
      return app.server
    },
  ],
  [
    "Hono on Node",
    async () => {
      const app = new Hono().get("/page", (context) => context.text("theirs"))
      const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }) as Server
      if (!server.listening) await once(server, "listening")
      return server
    },
  ],
  ["a bare HTTP server", async () => createServer((_, response) => void response.end("theirs"))],
  ["an HTTPS server", async () => createTlsServer(TLS, (_, response) => void response.end("theirs"))],
  [
    "an HTTP/2 server that allows HTTP/1",
    async () => createSecureServer({ ...TLS, allowHTTP1: true }, (_, response) => void response.end("theirs")),
  ],
] as [string, () => Promise<AnyHttpServer>][])("an endpoint attached to %s", (name, make) => {
  it("answers its own paths, and leaves the others to the server", async () => {
    const server = await make()
    makeEndpoint().attach(server)
    const base = `${/HTTPS|HTTP\/2/.test(name) ? "https" : "http"}://127.0.0.1:${await listening(server)}`
    expect(await talk(base)).toEqual(TALK)
    expect(await get(`${base}/page`)).toMatchObject({ status: 200, text: "theirs" })
  })

  it("shares the server with another endpoint", async () => {
    const server = await make()
    makeEndpoint("/one").attach(server)
    makeEndpoint("/two").attach(server)
    const base = `${/HTTPS|HTTP\/2/.test(name) ? "https" : "http"}://127.0.0.1:${await listening(server)}`
    for (const path of ["/one", "/two"]) expect(await talk(base, path)).toContainEqual(joined(path))
    expect(await get(`${base}/page`)).toMatchObject({ text: "theirs" })
  })

  it("leaves the server as it was once it has let go", async () => {
    const server = await make()
    const events = [
      "request",
      "upgrade",
      "checkContinue",
      "clientError",
      "connection",
      "secureConnection",
      "error",
      "newListener",
    ]
    const before = events.map((event) => server.rawListeners(event))
    const emit = server.emit
    const endpoint = makeEndpoint()
    const detach = endpoint.attach(server)
    expect(server.emit).toBe(emit)
    expect(Object.hasOwn(server, "emit")).toBe(false)
    for (const [index, event] of events.entries()) {
      expect(server.listeners(event)).toEqual(expect.arrayContaining(before[index] ?? []))
    }
    detach()
    expect(events.map((event) => server.rawListeners(event))).toEqual(before)
    await listening(server)
  })
})

describe("an HTTP/2 client of an attached endpoint", () => {
  it("is served long-poll", async () => {
    const server = createSecureServer({ ...TLS, allowHTTP1: true }, (_, response) => void response.end("theirs"))
    makeEndpoint().attach(server)
    const session = connect(`https://127.0.0.1:${await listening(server)}`, { rejectUnauthorized: false })
    closing.push(() => session.destroy())
    const stream = session.request({ ":path": "/socket/longpoll?vsn=2.0.0" })
    let text = ""
    stream.setEncoding("utf8").on("data", (chunk: string) => (text += chunk))
    await once(stream, "end")
    expect(JSON.parse(text)).toMatchObject({ status: 410, messages: [] })
  })
})

describe("single requests handed to an endpoint", () => {
  it("are answered by it where they are for its paths, in a server's own listeners", async () => {
    const { serve } = makeEndpoint()
    const server = createServer((request, response) => {
      if (!serve.request(request, response)) response.end("theirs")
    })
    server.on("upgrade", (request, socket, head) => {
      if (!serve.upgrade(request, socket, head)) socket.destroy()
    })
    const base = `http://127.0.0.1:${await listening(server)}`
    expect(await talk(base)).toEqual(TALK)
    expect(await get(`${base}/page`)).toMatchObject({ text: "theirs" })
    const socket = new WebSocket(`${base.replace("http", "ws")}/elsewhere`)
    await expect(once(socket, "open")).rejects.toThrow("socket hang up")
  })

  it("are answered by it in a middleware of Express", async () => {
    const { serve } = makeEndpoint()
    const app = express()
    app.use((request, response, next) => {
      if (!serve.request(request, response)) next()
    })
    app.get("/page", (_, response) => void response.send("theirs"))
    const server = createServer(app as unknown as Parameters<typeof createServer>[0])
    server.on("upgrade", (request, socket, head) => void serve.upgrade(request, socket, head))
    const base = `http://127.0.0.1:${await listening(server)}`
    expect(await talk(base)).toEqual(TALK)
    expect(await get(`${base}/page`)).toMatchObject({ text: "theirs" })
  })
})
