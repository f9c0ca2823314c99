import { afterEach, describe, expect, it } from "vitest"
import { Endpoint as BunEndpoint } from "../../../lib/runtime/bun/endpoint.js"
import { Endpoint as DenoEndpoint } from "../../../lib/runtime/deno/endpoint.js"
import { Endpoint } from "../../../lib/runtime/web/endpoint.js"
import { responseOf } from "../../../lib/runtime/web/fetch-exchange.js"
import type { EndpointOptions } from "../../../lib/runtime/web/options.js"
import { Endpoint as WorkersEndpoint } from "../../../lib/runtime/workers/endpoint.js"
import type { LimitName } from "../../../lib/protocol/limits.js"
import { NOT_FOUND } from "../../../lib/server/admission/rejection.js"

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

interface Body {
  status: number
  token: string
  messages: string[]
}

class BusyEndpoint extends Endpoint {
  /** Makes what comes in this turn of the event loop wait. */
  fillTurn(): void {
    this.services.turns.add({ work: () => false })
  }
}

/** A client of long-poll that asks an endpoint by `fetch`. */
function served(options: EndpointOptions = {}) {
  const endpoint = new BusyEndpoint({ logger: false, ...options })
  closing.push(() => endpoint.close({ deadlineMs: 0 }))
  const limits: LimitName[] = []
  endpoint.on("limitHit", ({ limit }) => limits.push(limit))
  endpoint.channel("room:*", {
    receive: { echo: (payload) => payload, long: () => ({ text: "x".repeat(100_000) }) },
  })
  const ask = (query: string, init?: RequestInit, path = "/socket/longpoll"): Promise<Response> =>
    endpoint.fetch(new Request(`http://host${path}?vsn=2.0.0${query}`, init), { address: "10.0.0.1" })
  const read = async (query: string, init?: RequestInit): Promise<Body> =>
    (await (await ask(query, init)).json()) as Body
  const post = (token: string, ...messages: unknown[]): Promise<Body> =>
    read(`&token=${token}`, {
      method: "POST",
      headers: { "content-type": "application/x-ndjson" },
      body: messages.map((message) => JSON.stringify(message)).join("\n"),
    })
  return { endpoint, limits, ask, read, post }
}

const JOIN = ["1", "1", "room:1", "phx_join", {}]

describe("an endpoint that is asked by fetch", () => {
  it("opens a session, takes pushes and answers polls", async () => {
    const { read, post } = served()
    const { status, token } = await read("")
    expect(status).toBe(410)
    expect(await post(token, JOIN, ["1", "2", "room:1", "echo", { text: "ä" }])).toEqual({ status: 200 })
    const { messages } = await read(`&token=${token}`)
    expect(messages.map((message) => JSON.parse(message) as unknown)).toEqual([
      ["1", "1", "room:1", "phx_reply", { status: "ok", response: {} }],
      ["1", "2", "room:1", "phx_reply", { status: "ok", response: { text: "ä" } }],
    ])
  })

  it("names no content type of an answer without a body", () => {
    const answers = [{ status: 200 }, { status: 200, body: "" }, NOT_FOUND]
    const types = answers.map((answer) => responseOf(answer).headers.get("content-type"))
    expect(types).toEqual([null, null, "text/plain"])
  })

  it("gives a long answer in pieces, and whole", async () => {
    const { ask, read, post } = served()
    const { token } = await read("")
    await post(token, JOIN, ["1", "2", "room:1", "long", {}])
    const messages: string[] = []
    while (messages.length < 2) messages.push(...((await (await ask(`&token=${token}`)).json()) as Body).messages)
    expect(messages[1]).toContain("x".repeat(100_000))
  })

  it("counts what of a long answer is not taken, and ends the session that holds too much", async () => {
    const { endpoint, ask, read, post, limits } = served({ limits: { queuedBytes: 150_000 } })
    const { token } = await read("")
    await post(token, JOIN, ["1", "2", "room:1", "long", {}])
    // Nothing of this body is read.
    let unread = await ask(`&token=${token}`)
    if (unread.headers.get("content-length") !== null) unread = await ask(`&token=${token}`)
    const ended = new Promise((resolve) => void endpoint.on("socketClosed", resolve))
    await post(token, ["1", "3", "room:1", "long", {}])
    await ended
    expect(limits).toEqual(["queuedBytes"])
    await expect(unread.text()).rejects.toThrow("the session has ended")
  })

  it("tells a client that its session has ended while the body of one frame came", async () => {
    const { endpoint, read } = served()
    const { token } = await read("")
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          for (const { socket } of endpoint.sockets()) socket.disconnect()
          controller.enqueue(new TextEncoder().encode(JSON.stringify(JOIN)))
          controller.close()
        },
      },
      { highWaterMark: 0 },
    )
    const init = { method: "POST", body, duplex: "half" }
    expect(await read(`&token=${token}`, init as RequestInit)).toEqual({ status: 410 })
  })

  it.each([
    ["a body of one frame", {}],
    ["a line of a body", { "content-type": "application/x-ndjson" }],
  ])("counts %s once for each 16 KiB of it", async (_, headers) => {
    const { read, limits } = served({ limits: { framesPerSecond: 0.001, frameBurst: 6 } })
    const { token } = await read("")
    const send = (bytes: number): Promise<Body> =>
      read(`&token=${token}`, {
        method: "POST",
        headers,
        body: JSON.stringify([...JOIN.slice(0, 4), "x".repeat(bytes)]),
      })
    expect(await send(40_000)).toEqual({ status: 200 })
    expect(limits).toEqual([])
    expect(await send(60_000)).toEqual({ status: 410 })
    expect(limits).toEqual(["framesPerSecond"])
  })

  it("refuses a body over the limit, and one that is not UTF-8", async () => {
    const { ask, read, limits } = served({ limits: { bodyBytes: 1000 } })
    const { token } = await read("")
    const send = (body: BodyInit): Promise<Response> => ask(`&token=${token}`, { method: "POST", body })
    expect((await send("x".repeat(1001))).status).toBe(400)
    expect(limits).toEqual(["bodyBytes"])
    expect(await (await send(new Uint8Array([0xff]))).json()).toEqual({ status: 400, error: "the body is not UTF-8" })
  })

  it("answers for other paths with 404, and a request for a websocket with 426", async () => {
    const { ask } = served()
    expect((await ask("", {}, "/elsewhere")).status).toBe(404)
    expect((await ask("", {}, "/socket/websocket")).status).toBe(426)
  })

  it("holds the limit of requests by the address that it is told", async () => {
    const { ask, limits } = served({ limits: { requestsPerSecond: 0.01, requestBurst: 2 } })
    const statuses = [await ask(""), await ask(""), await ask("")].map(({ status }) => status)
    expect(statuses).toEqual([200, 200, 429])
    expect(limits).toEqual(["requestsPerSecond"])
  })

  it("holds the limit of requests for requests to the websockets' path as well", async () => {
    const { ask, limits } = served({ limits: { requestsPerSecond: 0.01, requestBurst: 2 } })
    const answers = [await ask("", {}, "/socket/websocket"), await ask(""), await ask("", {}, "/socket/websocket")]
    expect(answers.map(({ status }) => status)).toEqual([426, 200, 429])
    expect(limits).toEqual(["requestsPerSecond"])
  })

  it("lets a poll go when its client is gone", async () => {
    const { ask, read, post } = served()
    const { token } = await read("")
    const client = new AbortController()
    void ask(`&token=${token}`, { signal: client.signal }).catch(() => {})
    client.abort()
    await post(token, JOIN)
    expect((await read(`&token=${token}`)).messages).toHaveLength(1)
  })

  it("begins no poll whose client went while the poll waited for its turn", async () => {
    const { endpoint, ask, read, post } = served()
    const { token } = await read("")
    const client = new AbortController()
    endpoint.fillTurn()
    const poll = ask(`&token=${token}`, { signal: client.signal })
    client.abort()
    // A poll that had begun would wait for a message.
    expect((await poll).status).toBe(408)
    await post(token, JOIN)
    expect((await read(`&token=${token}`)).messages).toHaveLength(1)
  })

  it("refuses a request over the limit of its address without a wait for a turn", async () => {
    const { endpoint, ask } = served({ limits: { requestsPerSecond: 0.001, requestBurst: 1 } })
    endpoint.fillTurn()
    const answers: number[] = []
    const first = ask("").then(({ status }) => answers.push(status))
    const second = ask("").then(({ status }) => answers.push(status))
    await Promise.all([first, second])
    expect(answers).toEqual([429, 200])
  })
})

describe("an option that a runtime cannot follow", () => {
  it.each([
    ["Bun", BunEndpoint, { limits: { frameBytes: 1000 } }, "limits.frameBytes"],
    ["Bun", BunEndpoint, { websocketServer: {} }, "websocketServer"],
    ["Deno", DenoEndpoint, { compress: true }, "compress"],
    ["Deno", DenoEndpoint, { limits: { halfOpen: 10 } }, "limits.halfOpen"],
    ["Workers", WorkersEndpoint, { slowClient: "drop" }, "slowClient"],
    ["Workers", WorkersEndpoint, { trustProxy: 1 }, "trustProxy"],
    ["Workers", WorkersEndpoint, { limits: { queuedBytes: 1000 } }, "limits.queuedBytes"],
  ] as const)("is an error at the start on %s", (runtime, Class, options, name) => {
    expect(() => new Class(options as EndpointOptions)).toThrow(`${name} cannot be followed on ${runtime}: `)
  })

  it("is an error at a further path and at a gateway, too", () => {
    const endpoint = new DenoEndpoint({ logger: false })
    expect(() => endpoint.socket("/more", { compress: true })).toThrow("compress cannot be followed on Deno")
    expect(() => endpoint.gateway("/ws", { limits: { pipelined: 2 } })).toThrow("limits.pipelined cannot be followed")
  })

  it("is none where it asks for what the runtime does anyway", () => {
    const options: EndpointOptions = { compress: false, slowClient: "close", limits: { frameBytes: Infinity } }
    expect(new WorkersEndpoint({ logger: false, ...options }).counters().rookery_sockets).toBe(0)
  })

  it("is an error of listen, for what only Node's servers can", async () => {
    const endpoint = new DenoEndpoint({ logger: false })
    const options = { port: 0, backlog: 5 }
    await expect(endpoint.listen(options)).rejects.toThrow("listen: backlog cannot be followed on Deno")
  })
})
