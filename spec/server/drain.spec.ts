import { describe, expect, it } from "vitest"
import { stages } from "../support/stage.js"
import { WireClient } from "../support/wire-client.js"

const stage = stages()

describe("an endpoint that closes", () => {
  it("sends everybody away with 1012, joined or not", async () => {
    const { endpoint, connect } = await stage({}, (made) => made.channel("room:*", {}))
    const [joined, idle] = [await connect(), await connect()]
    await joined.join("room:1")
    await endpoint.close()
    expect([await joined.closed(), await idle.closed()]).toEqual([1012, 1012])
    expect(joined.unread).toEqual([])
  })

  it("lets pending replies out first", async () => {
    let finish = (): void => {}
    const { endpoint, connect } = await stage({}, (made) =>
      made.channel("room:*", {
        receive: { slow: () => new Promise<string>((resolve) => (finish = () => resolve("done"))) },
      }),
    )
    const client = await connect()
    await client.join("room:1")
    client.send("1", "2", "room:1", "slow", {})
    await client.fence()
    const closing = endpoint.close()
    expect(await client.fence()).toEqual([])
    finish()
    expect(await client.next()).toEqual(["1", "2", "room:1", "phx_reply", { status: "ok", response: "done" }])
    expect(await client.closed()).toBe(1012)
    await closing
  })

  it("waits no longer than its deadline", async () => {
    const { endpoint, connect } = await stage({}, (made) =>
      made.channel("room:*", { receive: { never: () => new Promise(() => {}) } }),
    )
    const client = await connect()
    await client.join("room:1")
    client.send("1", "2", "room:1", "never", {})
    await client.fence()
    await endpoint.close({ deadlineMs: 50 })
    expect(await client.closed()).toBe(1012)
  })

  it("goes in batches", async () => {
    const { endpoint, connect } = await stage()
    const clients = [await connect(), await connect(), await connect(), await connect()]
    const open: number[] = []
    endpoint.on("socketClosed", () => open.push(endpoint.counters().rookery_sockets))
    const closing = endpoint.close({ batchSize: 2, batchMs: 1_000_000, deadlineMs: 200 })
    expect(open).toEqual([3, 2])
    await closing
    expect(await Promise.all(clients.map((client) => client.closed()))).toEqual([1012, 1012, 1012, 1012])
  })

  it("lets nobody new in", async () => {
    let finish = (): void => {}
    const { endpoint, connect, port } = await stage({}, (made) =>
      made.channel("room:*", { receive: { slow: () => new Promise<void>((resolve) => (finish = resolve)) } }),
    )
    let decide = (): void => {}
    const asked = new Promise<void>((entered) => {
      endpoint.socket("/late", {
        connect: () => {
          entered()
          return new Promise((resolve) => (decide = () => resolve(true)))
        },
      })
    })
    const client = await connect()
    await client.join("room:1")
    client.send("1", "2", "room:1", "slow", {})
    await client.fence()
    const late = WireClient.connect(port, { path: "/late" })
    late.catch(() => {})
    await asked
    const closing = endpoint.close()
    decide()
    await expect(late).rejects.toThrow("HTTP 503")
    finish()
    await closing
    await expect(connect()).rejects.toThrow("ECONNREFUSED")
  })

  it("answers a long-poll that waits", async () => {
    const { endpoint, port } = await stage()
    const url = `http://127.0.0.1:${port}/socket/longpoll?vsn=2.0.0`
    const { token } = (await (await fetch(url)).json()) as { token: string }
    const polled = fetch(`${url}&token=${token}`)
    // On a connection of its own, so that the poll has long come when this is answered.
    await fetch(url, { method: "OPTIONS" })
    await endpoint.close()
    expect(await (await polled).json()).toEqual({ status: 204, token, messages: [] })
  })
})
