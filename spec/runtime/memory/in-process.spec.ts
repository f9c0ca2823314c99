import { afterEach, describe, expect, it } from "vitest"
import { Endpoint, type InProcessClient, type InProcessConnection } from "rookery/server"

const endpoints: Endpoint[] = []
afterEach(async () => {
  for (const endpoint of endpoints.splice(0)) await endpoint.close({ deadlineMs: 0 })
})

function served() {
  const errors: unknown[] = []
  const ends: number[] = []
  const endpoint = new Endpoint({ logger: false })
  endpoint.channel("room:*", {})
  endpoint.on("error", ({ error }) => errors.push(error))
  endpoint.on("socketClosed", ({ code }) => ends.push(code))
  endpoints.push(endpoint)
  const join = async (client: Partial<InProcessClient>): Promise<InProcessConnection> => {
    const line = await endpoint.connectInProcess({
      params: { vsn: "2.0.0" },
      frame: () => undefined,
      closed: () => undefined,
      ...client,
    })
    line.send(JSON.stringify(["1", "1", "room:1", "phx_join", {}]))
    return line
  }
  return { endpoint, errors, ends, join }
}

describe("a client of the same process", () => {
  it("an in-process client that throws at a broadcast loses its connection, and the others get the broadcast", async () => {
    const { endpoint, errors, ends, join } = served()
    const error = new Error("no room for it")
    const closed: number[] = []
    const got: unknown[] = []
    await join({
      frame: (frame) => {
        if (String(frame).includes("news")) throw error
      },
      closed: (code) => void closed.push(code),
    })
    await join({ frame: (frame) => got.push((JSON.parse(String(frame)) as unknown[])[3]) })
    endpoint.broadcast("room:1", "news", {})
    expect(got).toEqual(["phx_reply", "news"])
    expect(errors).toEqual([error])
    expect(closed).toEqual([1011])
    expect(ends).toEqual([1011])
  })

  it("an in-process client that throws when it is closed still leaves its rooms and frees its slot", async () => {
    const { endpoint, errors, ends, join } = served()
    const error = new Error("closed twice")
    const line = await join({
      closed: () => {
        throw error
      },
    })
    line.close()
    expect(errors).toEqual([error])
    expect(ends).toEqual([1000])
    expect(await endpoint.count("room:1")).toBe(0)
    expect(endpoint.counters()).toMatchObject({ rookery_sockets: 0, rookery_channels: 0 })
  })
})
