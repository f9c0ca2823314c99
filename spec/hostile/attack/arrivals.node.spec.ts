import { describe, expect, it } from "vitest"
import { LONGPOLL, requestText, UPGRADE, WEBSOCKET, type Intruder } from "./intruder.js"
import { sieges } from "./siege.js"

const siege = sieges()

const ended = async (line: Intruder): Promise<string> => {
  await line.ended
  return line.outcome
}

/** Long enough for the handshake of an honest client on a busy machine. */
const HANDSHAKE_MS = 6000

describe("handshakes without end", () => {
  it("endless handshakes from one address get 429 after its burst, without a call to connect", async () => {
    let asked = 0
    const { enter, hits, survived } = await siege({
      limits: { connectBurst: 5, connectsPerSecond: 0.001 },
      connect: () => void asked++,
    })
    const statuses: (number | undefined)[] = []
    for (let i = 0; i < 7; i++) {
      const intruder = await enter()
      statuses.push(intruder.statuses[0])
      intruder.leave()
    }
    // The honest client connected first.
    expect(statuses).toEqual([101, 101, 101, 101, 429, 429, 429])
    expect(asked).toBe(5)
    expect(hits).toEqual(["connectsPerSecond", "connectsPerSecond", "connectsPerSecond"])
    await survived()
  })

  it("count for all addresses of one IPv6 network, and for no other", async () => {
    const { connect } = await siege({ trustProxy: 1, limits: { connectBurst: 1, connectsPerSecond: 0.001 } })
    const from = (address: string): Promise<unknown> =>
      connect({ client: { headers: { "x-forwarded-for": address } } }).catch((error: Error) => error.message)
    await from("2001:db8:0:1::1")
    expect(await from("2001:db8:0:1:ffff::2")).toBe("HTTP 429")
    expect(await from("2001:db8:0:2::1")).not.toBe("HTTP 429")
  })
})

describe("connections that never send a whole request", () => {
  it.each([
    ["nothing", ""],
    ["half a method", "GE"],
    ["half a header", `GET ${WEBSOCKET} HTTP/1.1\r\nhost: x\r\nupgr`],
  ])("end with 408 after their time, having sent %s", async (_, bytes) => {
    const { knock, hits, survived } = await siege({ limits: { handshakeMs: HANDSHAKE_MS } })
    const line = await knock()
    line.send(bytes)
    expect(await ended(line)).toBe("HTTP 408")
    expect(hits).toEqual(["handshakeMs"])
    await survived()
  })

  it("end oldest first when there are too many, and an honest client still connects", async () => {
    const { knock, enter, hits, endpoint, survived } = await siege({ limits: { halfOpen: 3 } })
    const lines: Intruder[] = []
    for (let i = 0; i < 5; i++) lines.push(await knock())
    const [first, second] = lines as [Intruder, Intruder]
    await Promise.all([first.ended, second.ended])
    expect((await enter()).statuses).toEqual([101])
    expect(lines.filter(({ over }) => over).length).toBeLessThanOrEqual(3)
    expect(new Set(hits)).toEqual(new Set(["halfOpen"]))
    expect(endpoint.counters().rookery_limits_hit_total).toBe(hits.length)
    await survived()
  })

  it("end where the endpoint is attached to a server of somebody else too", async () => {
    const { createServer } = await import("node:http")
    const { Intruder } = await import("./intruder.js")
    const { endpoint, hits } = await siege({ limits: { handshakeMs: HANDSHAKE_MS } })
    const server = createServer({ keepAliveTimeout: 60_000 }, (_, response) => response.end("theirs"))
    endpoint.attach(server)
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    const { port } = server.address() as { port: number }
    const late = await Intruder.connect({ port })
    expect(await ended(late)).toBe("HTTP 408")
    expect(hits).toEqual(["handshakeMs"])
    // A connection that has sent a request belongs to the server, which keeps it as long as it likes.
    const asked = await Intruder.connect({ port })
    asked.send(requestText("GET", "/"))
    await asked.until(() => asked.statuses.length > 0)
    const other = await Intruder.connect({ port })
    await other.ended
    expect(asked.over).toBe(false)
    asked.leave()
    server.close()
  })
})

describe("tokens that are guessed", () => {
  it("are refused by either transport, and then not even looked at", async () => {
    const tokens: (string | null)[] = []
    const { enter, knock, endpoint, hits, survived } = await siege({
      limits: { connectBurst: 5, connectsPerSecond: 0.001 },
      connect({ authToken }) {
        tokens.push(authToken)
        return authToken === null
      },
    })
    const token = (n: number): string => Buffer.from(`guess ${n}`).toString("base64url")
    const told: string[] = []
    for (let n = 0; n < 3; n++) {
      const headers = [`sec-websocket-protocol: phoenix, base64url.bearer.phx.${token(n)}`]
      told.push((await enter(WEBSOCKET, headers)).outcome)
    }
    for (let n = 3; n < 6; n++) {
      const line = await knock()
      line.send(requestText("GET", LONGPOLL, [`x-phoenix-authtoken: guess ${n}`, "connection: close"]))
      await line.ended
      told.push(/"status":403/.test(line.head) ? "long-poll 403" : line.outcome)
    }
    expect(told).toEqual(["HTTP 403", "HTTP 403", "HTTP 403", "long-poll 403", "HTTP 429", "HTTP 429"])
    expect(tokens).toEqual([null, "guess 0", "guess 1", "guess 2", "guess 3"])
    expect(hits).toEqual(["connectsPerSecond", "connectsPerSecond"])
    expect(endpoint.counters().rookery_connects_refused_total).toBe(6)
    await survived()
  })
})

describe("long-poll sessions that are opened and abandoned", () => {
  it("end by themselves", async () => {
    const { knock, endpoint, hits, survived } = await siege({ limits: { pollWindowMs: 20 }, connect: () => true })
    for (let i = 0; i < 5; i++) {
      const line = await knock()
      line.send(requestText("GET", LONGPOLL, ["connection: close"]))
      await line.ended
      expect(line.head).toContain('"token"')
    }
    await survived()
    expect(hits).toEqual(Array.from({ length: 5 }, () => "pollWindowMs"))
    expect(endpoint.counters().rookery_sockets_closed_total).toBe(5)
  })
})

describe("a request to upgrade that carries a body", () => {
  const inside = `GET ${LONGPOLL} HTTP/1.1\r\nhost: x\r\n\r\n`

  it.each(["content-length: 60", "transfer-encoding: chunked"])(
    "is refused, and what is inside not read: %s",
    async (header) => {
      const { knock, endpoint, survived } = await siege()
      const line = await knock()
      line.send(requestText("GET", WEBSOCKET, [...UPGRADE, header], inside))
      await line.ended
      expect(line.statuses).toEqual([400])
      expect(endpoint.counters().rookery_connects_refused_total).toBe(1)
      await survived()
    },
  )

  it("is refused at a path that upgrades nothing, where its end would never be seen", async () => {
    const { knock, survived } = await siege()
    const line = await knock()
    line.send(requestText("POST", `${LONGPOLL}&token=x`, [...UPGRADE.slice(0, 2), "content-length: 60"], inside))
    await line.ended
    expect(line.statuses).toEqual([400])
    await survived()
  })
})
