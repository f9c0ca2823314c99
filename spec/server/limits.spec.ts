import { request } from "node:http"
import { connect as connectTcp } from "node:net"
import { describe, expect, it } from "vitest"
import { Endpoint, type EndpointOptions, type LimitName } from "rookery/server"
import { stages, type Stage } from "../support/stage.js"
import { answer, WireClient } from "../support/wire-client.js"

const stage = stages()

const limited = async (
  limits: EndpointOptions["limits"],
  options: EndpointOptions = {},
): Promise<Stage & { hits: LimitName[] }> => {
  const hits: LimitName[] = []
  const made = await stage({ ...options, limits: { ...limits } }, (endpoint) => {
    endpoint.on("limitHit", ({ limit }) => hits.push(limit))
    endpoint.channel("room:*", {
      join: ({ topic }) => (topic === "room:never" ? new Promise(() => {}) : {}),
      receive: { echo: (payload) => payload, never: () => new Promise(() => {}), noreply: (_, room) => room.noReply },
    })
  })
  return { ...made, hits }
}

describe("a limit", () => {
  it("a frame over its limit ends the connection with 1009", async () => {
    const { connect, hits } = await limited({ frameBytes: 1000 })
    const client = await connect()
    client.socket.send("x".repeat(1000))
    expect(await client.closed()).toBe(1009)
    expect(hits).toEqual(["frameBytes"])
  })

  it("a message over its limit ends the connection with 1009, in any number of fragments", async () => {
    const { connect } = await limited({ messageBytes: 1000 })
    const client = await connect()
    for (let i = 0; i < 3; i++) client.socket.send("x".repeat(400), { fin: false })
    expect(await client.closed()).toBe(1009)
  })

  it("a limit on messages applies after inflating", async () => {
    const { connect } = await limited({ messageBytes: 10_000 }, { compress: true })
    const client = await connect({ client: { perMessageDeflate: true } })
    expect(client.socket.extensions).toBe("permessage-deflate")
    client.socket.send("x".repeat(1_000_000), { compress: true })
    expect(await client.closed()).toBe(1009)
  })

  it("a limit on pushes answers each excess push, but no joins, leaves or heartbeats", async () => {
    const { connect, hits } = await limited({ pushesPerSecond: 0.001, pushBurst: 2 })
    const client = await connect()
    await client.join("room:1")
    for (const ref of ["2", "3", "4"]) client.send("1", ref, "room:1", "echo", {})
    expect((await client.take(3)).map(answer)).toEqual([
      { status: "ok", response: {} },
      { status: "ok", response: {} },
      { status: "error", response: { reason: "too many pushes" } },
    ])
    expect(answer(await client.join("room:2"))).toMatchObject({ status: "ok" })
    expect(await client.fence()).toEqual([])
    expect(hits).toEqual(["pushesPerSecond"])
  })

  it("a limit on waiting pushes answers each excess push", async () => {
    const { connect, hits } = await limited({ pendingPushes: 1 })
    const client = await connect()
    await client.join("room:1")
    client.send("1", "2", "room:1", "never", {})
    client.send("1", "3", "room:1", "echo", {})
    client.send("1", "4", "room:1", "echo", {})
    expect(await client.next()).toEqual([
      "1",
      "4",
      "room:1",
      "phx_reply",
      { status: "error", response: { reason: "too many pushes" } },
    ])
    expect(hits).toEqual(["pendingPushes"])
  })

  it("a limit on waiting bytes counts all channels of a socket, and is freed when they end", async () => {
    const { connect, hits } = await limited({ pendingBytes: 2000 })
    const client = await connect()
    await client.join("room:1")
    const fill = (joinRef: string): void => {
      client.send(joinRef, "2", "room:1", "never", {})
      client.send(joinRef, "3", "room:1", "echo", "x".repeat(1000))
    }
    fill("1")
    client.send("1", "4", "room:1", "echo", "x".repeat(1000))
    expect(answer(await client.next())).toMatchObject({ status: "error" })
    expect(hits).toEqual(["pendingBytes"])
    await client.join("room:1")
    await client.next()
    fill("2")
    expect(await client.fence()).toEqual([])
  })

  it("a limit on the time of a join refuses the join, and lets the client join again", async () => {
    const { connect, hits } = await limited({ joinMs: 20 })
    const client = await connect()
    expect(answer(await client.join("room:never"))).toEqual({ status: "error", response: { reason: "join timeout" } })
    expect(hits).toEqual(["joinMs"])
    expect(answer(await client.join("room:never"))).toMatchObject({ status: "error" })
  })

  it("a limit on the time of connect refuses the socket", async () => {
    const { connect } = await limited({ connectMs: 20 }, { connect: () => new Promise(() => {}) })
    await expect(connect()).rejects.toThrow("HTTP 503")
  })

  it("a limit on the time of connect counts for a promise of another library", async () => {
    const never = { then: () => never } as unknown as Promise<true>
    const { connect } = await limited({ connectMs: 20 }, { connect: () => never })
    await expect(connect()).rejects.toThrow("HTTP 503")
  })

  it("a limit on sockets counts those of all paths, until they end", async () => {
    const { connect, endpoint, hits } = await limited({ connections: 2 })
    endpoint.socket("/other")
    const first = await connect()
    await connect({ path: "/other" })
    await expect(connect()).rejects.toThrow("HTTP 503")
    expect(hits).toEqual(["connections"])
    await first.close()
    await expect(connect()).resolves.toBeInstanceOf(WireClient)
  })

  it("a limit on sockets per address counts each address separately", async () => {
    const { connect } = await limited({ connectionsPerAddress: 1 }, { trustProxy: 1 })
    const from = (address: string): Promise<WireClient> =>
      connect({ client: { headers: { "x-forwarded-for": address } } })
    await from("10.0.0.1")
    await expect(from("10.0.0.1")).rejects.toThrow("HTTP 429")
    await expect(from("10.0.0.2")).resolves.toBeInstanceOf(WireClient)
  })

  it("a connection without frames for the idle time ends", async () => {
    const { connect, hits } = await limited({ idleMs: 50 })
    const client = await connect()
    expect(await client.closed()).toBe(1002)
    expect(hits).toEqual(["idleMs"])
  })
})

describe("limits that make no sense", () => {
  it.each([{ channels: 0 }, { idleMs: -1 }, { frameBytes: Number.NaN }, { joinMs: 2 ** 31 }, { nonsense: 1 }])(
    "are refused when the endpoint is made: %j",
    (limits) => {
      expect(() => new Endpoint({ limits: limits as object })).toThrow(expect.objectContaining({ code: "bad_option" }))
    },
  )
})

describe("a client that does not read", () => {
  /** A websocket by hand, of which nothing is read after the handshake. */
  async function deaf(port: number): Promise<{ end: () => void; join: () => void }> {
    const socket = connectTcp(port, "127.0.0.1")
    socket.write(
      "GET /socket/websocket?vsn=2.0.0 HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n" +
        "sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    )
    await new Promise((resolve) => socket.once("data", resolve))
    socket.pause()
    const text = Buffer.from('["1","1","room:1","phx_join",{}]')
    const join = (): void => {
      socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), text]))
    }
    socket.on("error", () => {})
    return { join, end: () => socket.destroy() }
  }

  const flood = ({ endpoint }: Stage, until: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const payload = "x".repeat(100_000)
      const send = (): void => {
        if (until()) return resolve()
        endpoint.broadcast("room:1", "news", payload)
        setImmediate(send)
      }
      send()
    })

  it("is let go", async () => {
    const made = await limited({ queuedBytes: 1_000_000 })
    const client = await deaf(made.port)
    const joined = new Promise((resolve) => made.endpoint.on("channelJoined", resolve))
    const closed = new Promise((resolve) => made.endpoint.on("socketClosed", resolve))
    client.join()
    await joined
    let gone = false
    void closed.then(() => (gone = true))
    await flood(made, () => gone)
    expect(made.hits).toEqual(["queuedBytes"])
    client.end()
  })

  it("is left out of broadcasts where that was asked for, and the others get them", async () => {
    const made = await limited({ queuedBytes: 1_000_000 }, { slowClient: "drop" })
    const client = await deaf(made.port)
    const joined = new Promise((resolve) => made.endpoint.on("channelJoined", resolve))
    client.join()
    await joined
    await flood(made, () => made.endpoint.counters().rookery_broadcast_deliveries_dropped_total > 3)
    expect(made.hits).toEqual(["queuedBytes"])
    expect(made.endpoint.counters().rookery_sockets).toBe(1)
    const other = await made.connect()
    await other.join("room:1")
    made.endpoint.broadcast("room:1", "news", 1)
    expect(answer(await other.next())).toBe(1)
    client.end()
  })
})

describe("long-poll", () => {
  const post = (port: number, token: string, body: string): Promise<{ status: number | undefined; body: unknown }> =>
    new Promise((resolve, reject) => {
      const outgoing = request(
        { port, path: `/socket/longpoll?vsn=2.0.0&token=${token}`, method: "POST", agent: false },
        (response) => {
          let text = ""
          response.on("data", (chunk: Buffer) => (text += chunk.toString()))
          response.on("end", () => resolve({ status: response.statusCode, body: JSON.parse(text) }))
        },
      )
      outgoing.on("error", reject)
      outgoing.setHeader("content-type", "application/x-ndjson")
      outgoing.end(body)
    })

  async function session(port: number): Promise<string> {
    const response = await fetch(`http://127.0.0.1:${port}/socket/longpoll?vsn=2.0.0`)
    return ((await response.json()) as { token: string }).token
  }

  it("takes a body up to its limit", async () => {
    const { port, hits } = await limited({ bodyBytes: 100 })
    const token = await session(port)
    expect(await post(port, token, `[null,"1","phoenix","heartbeat","${"x".repeat(50)}"]`)).toEqual({
      status: 200,
      body: { status: 200 },
    })
    expect(await post(port, token, "x".repeat(101))).toEqual({ status: 400, body: { error: "Bad Request" } })
    expect(hits).toEqual(["bodyBytes"])
  })

  it("long-poll names the line of a body that is not a frame, and handles the others", async () => {
    const { port } = await limited({})
    const token = await session(port)
    const body = '[null,"1","phoenix","heartbeat",{}]\n\nnonsense!\n[null,"2","phoenix","heartbeat",{}]\n'
    expect(await post(port, token, body)).toMatchObject({ status: 200, body: { status: 400, line: 3 } })
    const polled = await fetch(`http://127.0.0.1:${port}/socket/longpoll?vsn=2.0.0&token=${token}`)
    expect(((await polled.json()) as { messages: string[] }).messages).toHaveLength(2)
  })

  it("gives messages to the newest of many polls, and lets the oldest go", async () => {
    const { port, endpoint } = await limited({})
    const token = await session(port)
    await post(port, token, '["1","1","room:1","phx_join",{}]')
    const url = `http://127.0.0.1:${port}/socket/longpoll?vsn=2.0.0&token=${token}`
    const poll = async (): Promise<number> => ((await (await fetch(url)).json()) as { status: number }).status
    expect(await poll()).toBe(200)
    const polls: Promise<number>[] = []
    for (let i = 0; i < 5; i++) polls.push(poll())
    expect(await Promise.race(polls)).toBe(204)
    endpoint.broadcast("room:1", "news", {})
    expect(
      await Promise.race(polls.map(async (each, at) => ((await each) === 200 ? at : new Promise(() => {})))),
    ).toEqual(expect.any(Number))
    await endpoint.close({ deadlineMs: 0 })
    const statuses = await Promise.all(polls)
    expect(statuses.filter((status) => status === 200)).toHaveLength(1)
  })

  it("ends a session that gets more than it fetches", async () => {
    const { port, endpoint, hits } = await limited({ queuedBytes: 1000 })
    const token = await session(port)
    await post(port, token, '["1","1","room:1","phx_join",{}]')
    for (let i = 0; i < 20; i++) endpoint.broadcast("room:1", "news", "x".repeat(100))
    expect(hits).toEqual(["queuedBytes"])
    expect(await post(port, token, "[]")).toEqual({ status: 200, body: { status: 410 } })
    expect(endpoint.counters().rookery_sockets).toBe(0)
  })
})
