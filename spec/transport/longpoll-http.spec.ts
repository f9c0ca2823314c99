import { once } from "node:events"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { afterEach, describe, expect, it } from "vitest"
import { ConnectError } from "../../lib/protocol/errors.js"
import { longPoll } from "../../lib/transport/longpoll.js"
import type { Link } from "../../lib/transport/transport.js"
import { freePort } from "../support/free-port.js"
import { LinkLog, linkOptions, Waitable } from "../support/link-log.js"

interface Asked {
  request: IncomingMessage
  response: ServerResponse
  body: string
}

const servers: Server[] = []
const links: Link[] = []

afterEach(async () => {
  for (const link of links.splice(0)) link.close()
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})

/** A server whose requests the test answers, and a link to it. */
async function start(): Promise<{ polls: Waitable<Asked>; posts: Waitable<Asked>; log: LinkLog; link: Link }> {
  const polls = new Waitable<Asked>()
  const posts = new Waitable<Asked>()
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.on("end", () => {
      ;(request.method === "POST" ? posts : polls).push({ request, response, body: Buffer.concat(chunks).toString() })
    })
  })
  servers.push(server)
  await once(server.listen(0, "127.0.0.1"), "listening")
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/socket/websocket?vsn=2.0.0`
  const log = new LinkLog()
  const link = longPoll().open(url, linkOptions(url, { authToken: "tok-☃" }), log)
  links.push(link)
  return { polls, posts, log, link }
}

const answer = ({ response }: Asked, body: object): void => {
  response.setHeader("content-type", "application/json").end(JSON.stringify({ token: "t1", ...body }))
}

async function opened(): Promise<Awaited<ReturnType<typeof start>> & { poll: Asked }> {
  const started = await start()
  answer(await started.polls.next(), { status: 410, messages: [] })
  expect((await started.log.next())[0]).toBe("open")
  return { ...started, poll: await started.polls.next() }
}

describe("longPoll, over HTTP", () => {
  it("sends the token of the session, and the auth token as its UTF-8", async () => {
    const { poll } = await opened()
    expect(poll.request.url).toBe("/socket/longpoll?vsn=2.0.0")
    expect(poll.request.headers["x-phoenix-longpoll-token"]).toBe("t1")
    // Node reads each byte of a header as one character.
    const header = poll.request.headers["x-phoenix-authtoken"] as string
    expect(Buffer.from(header, "latin1").toString()).toBe("tok-☃")
  })

  it("carries both ways at once, in order", async () => {
    const { polls, posts, log, link, poll } = await opened()
    const sent = Array.from({ length: 130 }, (_, i) => `["é${i}"]`)
    for (const frame of sent) link.send(frame)
    const first = await posts.next()
    expect(first.request.headers["content-type"]).toBe("application/x-ndjson")
    answer(poll, { status: 200, messages: sent.slice(0, 50) })
    const next = await polls.next()
    answer(first, { status: 200 })
    const second = await posts.next()
    answer(next, { status: 200, messages: sent.slice(50) })
    answer(second, { status: 200 })
    expect([...first.body.split("\n"), ...second.body.split("\n")]).toEqual(sent)
    for (const frame of sent) expect(await log.next()).toEqual(["frame", frame])
  })

  it("hangs up on the server when it is closed", async () => {
    const { posts, log, link, poll } = await opened()
    link.send("[1]")
    const post = await posts.next()
    const hungUp = Promise.all([once(poll.response, "close"), once(post.response, "close")])
    link.close()
    await hungUp
    expect(await log.next()).toEqual(["close", { code: 1005, reason: "", wasClean: true }])
    expect(log.waiting).toEqual([])
  })

  it("fails with the HTTP status of a proxy's page", async () => {
    const { log, poll } = await opened()
    poll.response.writeHead(502, { "content-type": "text/html" }).end("<h1>Bad Gateway</h1>")
    expect(await log.next()).toEqual(["error", expect.objectContaining({ code: "connect_refused", status: 502 })])
    expect(await log.next()).toEqual(["close", { code: 1011, reason: "internal server error", wasClean: false }])
  })

  it("fails when the server hangs up, within the head or within the body", async () => {
    for (const written of ["", '{"status":200,"tok']) {
      const { log, poll } = await opened()
      if (written !== "") {
        poll.response.writeHead(200, { "content-length": 1000 })
        poll.response.write(written)
      }
      poll.response.destroy()
      expect(await log.next()).toEqual(["error", expect.any(ConnectError)])
      expect((await log.next())[0]).toBe("close")
    }
  })

  it("fails where nobody listens", async () => {
    const url = `ws://127.0.0.1:${await freePort()}/socket/websocket`
    const log = new LinkLog()
    longPoll().open(url, linkOptions(url), log)
    const refused = { code: "connect_failed", status: undefined, cause: expect.any(TypeError) as unknown }
    expect(await log.next()).toEqual(["error", expect.objectContaining(refused)])
    expect((await log.next())[0]).toBe("close")
  })
})
