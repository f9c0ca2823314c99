import { describe, expect, it } from "vitest"
import { Endpoint, type EndpointOptions, type InProcessConnection } from "rookery/server"
import { after, settled, withFakeTime } from "../support/client.js"
import { Gate } from "../support/gate.js"

withFakeTime()

interface House {
  readonly endpoint: Endpoint
  readonly refused: string[]
  readonly errors: unknown[]
  readonly limits: string[]
}

function house(options: EndpointOptions): House {
  const endpoint = new Endpoint({ logger: false, ...options })
  const all: House = { endpoint, refused: [], errors: [], limits: [] }
  endpoint.on("connectRefused", ({ reason }) => all.refused.push(reason))
  endpoint.on("error", ({ error }) => all.errors.push(error))
  endpoint.on("limitHit", ({ limit }) => all.limits.push(limit))
  return all
}

interface Visit {
  readonly line: InProcessConnection
  readonly frames: unknown[]
  readonly closed: number[]
  renew(payload: unknown, ref?: string): void
}

async function visit({ endpoint }: House): Promise<Visit> {
  const frames: unknown[] = []
  const closed: number[] = []
  const line = await endpoint.connectInProcess({
    params: { vsn: "2.0.0" },
    frame: (frame) => frames.push(JSON.parse(frame as string)),
    closed: (code) => closed.push(code),
  })
  const renew = (payload: unknown, ref = "1"): void =>
    line.send(JSON.stringify([null, ref, "phoenix", "phx_renew", payload]))
  return { line, frames, closed, renew }
}

const answer = (status: string, response: object, ref = "1"): unknown[] => [
  null,
  ref,
  "phoenix",
  "phx_reply",
  { status, response },
]
const refused = (reason: string, ref?: string): unknown[] => answer("error", { reason }, ref)

const inMs = (ms: number): { expiresAt: number } => ({ expiresAt: Date.now() + ms })

describe("a client whose credentials expire", () => {
  it("is closed with 3401 at that time, and not before", async () => {
    const { closed } = await visit(house({ connect: () => ({ expiresAt: new Date(Date.now() + 90_000) }) }))
    await after(89_999)
    expect(closed).toEqual([])
    await after(1001)
    expect(closed).toEqual([3401])
  })

  it("stays for credentials that are good for longer than a timer can wait", async () => {
    const YEAR = 365 * 86_400_000
    const { closed } = await visit(house({ connect: () => inMs(YEAR) }))
    await after(YEAR - 1000)
    expect(closed).toEqual([])
    await after(2000)
    expect(closed).toEqual([3401])
  })

  it("leaves no timer behind when it goes before", async () => {
    const all = house({ connect: () => inMs(60_000) })
    const { line, closed } = await visit(all)
    line.close()
    await after(120_000)
    expect(closed).toEqual([1000])
  })

  it("is refused if they have expired already, instead of being let in and closed again and again", async () => {
    const all = house({ connect: () => inMs(-1) })
    await expect(visit(all)).rejects.toMatchObject({ status: 403 })
    expect(all.refused).toEqual(["expired"])
  })

  it("is refused with a fault of the server if `expiresAt` is no time", async () => {
    const all = house({ connect: () => ({ expiresAt: new Date("tomorrow") }) })
    await expect(visit(all)).rejects.toMatchObject({ status: 500 })
    expect(all.errors).toMatchObject([{ code: "bad_option" }])
  })
})

describe("an endpoint that renews credentials", () => {
  it("gives the client more time", async () => {
    const { closed, frames, renew } = await visit(house({ connect: () => inMs(60_000), renew: () => inMs(60_000) }))
    await after(50_000)
    renew({ query: "token=2" })
    await settled()
    expect(frames).toEqual([answer("ok", { expires_in: 60_000 })])
    await after(59_000)
    expect(closed).toEqual([])
    await after(3000)
    expect(closed).toEqual([3401])
  })

  it("lets credentials expire as before if `renew` gives no new time, and says how long that is", async () => {
    const { closed, frames, renew } = await visit(house({ connect: () => inMs(60_000), renew: () => true }))
    await after(50_000)
    renew({ query: "token=2" })
    await settled()
    expect(frames).toEqual([answer("ok", { expires_in: 10_000 })])
    await after(11_000)
    expect(closed).toEqual([3401])
  })

  it("answers a client that brings no credentials how long its own are good, without asking the application", async () => {
    let asked = 0
    const renewing = { connect: () => inMs(60_000), renew: () => ++asked > 0 }
    const { frames, renew } = await visit(house(renewing))
    renew({})
    await settled()
    expect([frames, asked]).toEqual([[answer("ok", { expires_in: 60_000 })], 0])
  })

  it("asks the application once at a time for each client", async () => {
    const gate = new Gate()
    let asked = 0
    const all = house({
      async renew() {
        asked++
        await gate.wait()
      },
    })
    const { frames, renew } = await visit(all)
    renew({ query: "" }, "1")
    renew({ query: "" }, "2")
    await settled()
    expect([frames, asked]).toEqual([[refused("too many renewals", "2")], 1])
    gate.open()
    await settled()
    expect(frames[1]).toEqual(answer("ok", {}, "1"))
    renew({ query: "" }, "3")
    await settled()
    expect(asked).toBe(2)
  })

  it("counts renewals as joins", async () => {
    const all = house({ renew: () => true, limits: { joinsPerSecond: 1, joinBurst: 2 } })
    const { frames, renew } = await visit(all)
    for (const ref of ["1", "2", "3"]) {
      renew({ query: "" }, ref)
      await settled()
    }
    expect([frames[2], all.limits]).toEqual([refused("too many renewals", "3"), ["joinsPerSecond"]])
  })

  it("waits no longer for the application than at a connect", async () => {
    const all = house({ renew: () => new Promise(() => {}), limits: { connectMs: 100 } })
    const { frames, renew } = await visit(all)
    renew({ query: "" })
    await after(100)
    expect([frames, all.limits]).toEqual([[refused("timeout")], ["connectMs"]])
  })

  it("tells a client nothing of a `renew` that throws", async () => {
    const all = house({
      renew() {
        throw new Error("no database")
      },
    })
    const { frames, renew, closed } = await visit(all)
    renew({ query: "" })
    await settled()
    expect([frames, closed]).toEqual([[refused("renew crashed")], []])
    expect(all.errors).toMatchObject([{ message: "no database" }])
  })

  it.each([
    ["credentials that have expired", { query: "late=1" }, "credentials expired"],
    ["credentials that the application refuses", { query: "bad=1" }, "renewal refused"],
    ["a query that is no text", { query: 1 }, "invalid renewal"],
    ["a query that is not UTF-8", { query: "a=%ff" }, "invalid query"],
    ["a token that is no text", { query: "", auth_token: {} }, "invalid renewal"],
    ["more than the headers of a connect may hold", { query: "a=&".repeat(6000) }, "credentials too large"],
  ])("refuses %s, and keeps the connection", async (_what, payload, reason) => {
    const all = house({ renew: ({ params }) => ("bad" in params ? false : "late" in params ? inMs(-1) : true) })
    const { frames, closed, renew } = await visit(all)
    renew(payload)
    await settled()
    expect([frames, closed]).toEqual([[refused(reason)], []])
  })

  it.each([null, "text", 7, []])("takes %j for a question after the time that is left", async (payload) => {
    const { frames, renew } = await visit(house({ renew: () => false }))
    renew(payload)
    await settled()
    expect(frames).toEqual([answer("ok", {})])
  })
})
