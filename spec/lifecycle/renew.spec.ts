import { afterEach, describe, expect, it } from "vitest"
import { Socket, type PushError, type SocketOptions } from "rookery"
import { keepRenewed, renew } from "rookery/lifecycle"
import { Endpoint, Refused, type EndpointOptions } from "rookery/server"
import { after, settled, staged, withFakeTime } from "../support/client.js"
import { inProcess } from "../support/in-process-transport.js"

withFakeTime()

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

const made: { destroy(): void }[] = []
afterEach(() => {
  for (const each of made.splice(0)) each.destroy()
})

/** Tokens that are good for a minute, as text. */
const freshToken = (): string => String(Date.now() + MINUTE)

/** The outcome of a promise, without advancing the clock. */
async function outcome(promise: Promise<unknown>): Promise<unknown> {
  const settledWith = promise.then(
    (value) => value,
    (error: Partial<PushError>) => error,
  )
  await settled()
  return settledWith
}

interface House {
  readonly endpoint: Endpoint
  readonly socket: Socket
  /** Reasons for which clients were refused. */
  readonly refused: string[]
  /** Codes by which connections ended. */
  readonly closed: number[]
  connects: number
  renewals: number
}

/** An endpoint that takes tokens which name the end of their time, and a client of it. */
async function house(options: SocketOptions = {}, more: EndpointOptions = {}): Promise<House> {
  const expiryOf = (token: string | null): { expiresAt: number } | false => {
    const expiresAt = Number(token)
    return expiresAt > Date.now() && { expiresAt }
  }
  const endpoint = new Endpoint({
    logger: false,
    connect: ({ authToken }) => {
      all.connects++
      return expiryOf(authToken)
    },
    renew: ({ authToken }) => {
      all.renewals++
      return expiryOf(authToken)
    },
    ...more,
  })
  endpoint.channel("room:*", { join: () => ({}) })
  const socket = new Socket("ws://example.test/socket", {
    transport: inProcess(endpoint),
    authToken: freshToken,
    random: () => 0.5,
    ...options,
  })
  made.push(socket)
  const all: House = { endpoint, socket, refused: [], closed: [], connects: 0, renewals: 0 }
  endpoint.on("connectRefused", ({ reason }) => all.refused.push(reason))
  endpoint.on("socketClosed", ({ code }) => all.closed.push(code))
  socket.connect()
  await settled()
  return all
}

describe("a client whose tokens are good for a minute", () => {
  it("keeps one connection for a day with keepRenewed, and is never refused", async () => {
    const all = await house()
    const room = all.socket.channel("room:1")
    room.join()
    made.push({ destroy: keepRenewed(all.socket) })
    await after(DAY)
    expect([all.socket.status, room.state]).toEqual(["connected", "joined"])
    expect([all.connects, all.refused, all.closed]).toEqual([1, [], []])
    // One each time that four fifths of a minute are over, less the fraction of a millisecond that each of them takes.
    expect(all.renewals).toBeGreaterThan(0.99 * (DAY / (0.8 * MINUTE)))
    expect(all.renewals).toBeLessThanOrEqual(DAY / (0.8 * MINUTE))
  })

  it("a client without renewal reconnects with a new token each time one expires, and is never refused", async () => {
    const all = await house()
    const room = all.socket.channel("room:1")
    room.join()
    await after(DAY)
    expect([all.socket.status, room.state]).toEqual(["connected", "joined"])
    expect([all.refused, new Set(all.closed)]).toEqual([[], new Set([3401])])
    // The endpoint ends a connection at most a second late.
    expect(all.connects).toBeGreaterThan(DAY / (MINUTE + 2000))
    expect(all.connects).toBeLessThanOrEqual(DAY / MINUTE + 1)
  })
})

describe("renew", () => {
  it("gives the server the params and the token that a connect would bring, and says how long they are good", async () => {
    let asked: unknown
    const params = { team: { name: "a&b", tags: ["x", "y"] } }
    const { socket } = await house(
      { params: () => params, authToken: () => `${Date.now()}` },
      {
        connect: () => true,
        renew({ params, authToken, socket }) {
          asked = [JSON.parse(JSON.stringify(params)), authToken, socket.transport]
          return { expiresAt: new Date(Date.now() + 5000) }
        },
      },
    )
    expect(await outcome(renew(socket))).toEqual({ expiresInMs: 5000 })
    expect(asked).toEqual([
      { team: { name: "a&b", tags: { 0: "x", 1: "y" } }, vsn: "2.0.0" },
      `${Date.now()}`,
      "memory",
    ])
  })

  it("rejects if the server refuses, and leaves the connection until the former token expires", async () => {
    const { socket, closed } = await house({}, { renew: () => Promise.reject(new Refused({ reason: "other user" })) })
    expect(await outcome(renew(socket))).toMatchObject({ code: "refused", response: { reason: "other user" } })
    await after(MINUTE - 1)
    expect([socket.status, closed]).toEqual(["connected", []])
    await after(1001)
    expect(closed).toEqual([3401])
  })

  it("rejects if the server knows no renewal", async () => {
    const { socket } = await house({}, { connect: () => true, renew: undefined as never })
    expect(await outcome(renew(socket))).toMatchObject({ code: "refused", response: { reason: "unmatched topic" } })
  })

  it("rejects without a connection, when it is lost, and when no answer comes", async () => {
    const { socket, stage } = staged()
    made.push(socket)
    expect(await outcome(renew(socket))).toMatchObject({ code: "disconnected" })
    socket.connect()
    await settled()
    stage.line.isDead = true
    const late = renew(socket, { timeout: 100 }).catch((error: unknown) => error)
    await after(100)
    expect(await late).toMatchObject({ code: "timeout" })
    const lost = renew(socket).catch((error: unknown) => error)
    await settled()
    socket.disconnect()
    expect(await lost).toMatchObject({ code: "disconnected" })
  })
})

describe("keepRenewed", () => {
  it("tries again before the end of the token if a renewal is refused", async () => {
    let isDown = true
    const all = await house(
      {},
      {
        renew: () => {
          all.renewals++
          if (isDown) return false
          return { expiresAt: Date.now() + MINUTE }
        },
      },
    )
    made.push({ destroy: keepRenewed(all.socket) })
    await after(0.8 * MINUTE)
    expect([all.renewals, all.socket.status]).toEqual([1, "connected"])
    isDown = false
    await after(10_000)
    expect([all.renewals, all.connects]).toEqual([2, 1])
  })

  it("asks a server that knows no renewal once for each connection", async () => {
    const { socket, stage } = staged()
    made.push(socket, { destroy: keepRenewed(socket) })
    socket.connect()
    await settled()
    stage.line.reply(stage.line.last("phx_renew"), "error", { reason: "unmatched topic" })
    await after(DAY / 24)
    expect(stage.line.of("phx_renew")).toHaveLength(1)
  })

  it("asks again, less and less often, if its first question of a connection is not answered", async () => {
    const { socket, stage } = staged({ timeout: 1000 })
    made.push(socket, { destroy: keepRenewed(socket) })
    socket.connect()
    await settled()
    const asked = (): number => stage.line.of("phx_renew").length
    const counts: number[] = []
    // A second for the answer each time, and one, two and four seconds between.
    for (const seconds of [1, 1, 3, 5]) {
      await after(seconds * 1000)
      counts.push(asked())
    }
    expect(counts).toEqual([1, 2, 3, 4])
    stage.line.reply(stage.line.last("phx_renew"), "ok", { expires_in: MINUTE })
    await after(0.8 * MINUTE)
    expect(stage.line.last("phx_renew").payload).toMatchObject({ query: expect.stringContaining("vsn=") })
    expect(asked()).toBe(5)
  })

  it("asks nothing any more once it was ended", async () => {
    const all = await house()
    const stop = keepRenewed(all.socket)
    await after(MINUTE)
    stop()
    const { renewals } = all
    await after(MINUTE)
    expect(all.renewals).toBe(renewals)
  })
})
