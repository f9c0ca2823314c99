import { describe, expect, it } from "vitest"
import { Endpoint, MemoryCluster, MemoryHub } from "rookery/server"
import { stages } from "../support/stage.js"
import { answer } from "../support/wire-client.js"

const stage = stages()

/** A cluster that says which topics it is asked for. */
class ObservedCluster extends MemoryCluster {
  readonly interest: string[] = []

  override subscribe(topic: string): void {
    this.interest.push(`+${topic}`)
    super.subscribe(topic)
  }

  override unsubscribe(topic: string): void {
    this.interest.push(`-${topic}`)
    super.unsubscribe(topic)
  }
}

describe("the number of clients on a topic", () => {
  it("leaves out the listeners of the endpoint's own code", async () => {
    const { connect, endpoint } = await stage({}, (made) => made.channel("room:*", {}))
    const stop = endpoint.subscribe("room:1", () => {})
    expect(await endpoint.count("room:1")).toBe(0)
    await (await connect()).join("room:1")
    expect(await endpoint.count("room:1")).toBe(1)
    stop()
    stop()
    expect(await endpoint.count("room:1")).toBe(1)
  })
})

describe("a broadcast", () => {
  it("reaches the sockets of other nodes, and ends those of an id there", async () => {
    const hub = new MemoryHub()
    const build = (endpoint: Endpoint): void =>
      void endpoint.channel("room:*", { receive: { shout: (payload, room) => room.broadcastFrom("shout", payload) } })
    const options = { connect: () => ({ id: "user:1" }) }
    const [here, there] = [
      await stage({ ...options, cluster: new MemoryCluster(hub) }, build),
      await stage({ ...options, cluster: new MemoryCluster(hub) }, build),
    ]
    const [a, b] = [await here.connect(), await there.connect()]
    await a.join("room:1")
    await b.join("room:1")
    a.send("1", "2", "room:1", "shout", { text: "hi" })
    expect(await b.next()).toEqual([null, null, "room:1", "shout", { text: "hi" }])
    expect(await a.fence()).toEqual([["1", "2", "room:1", "phx_reply", { status: "ok", response: {} }]])
    here.endpoint.disconnect("user:1")
    expect(await b.closed()).toBe(1001)
  })

  it("a local broadcast reaches only the sockets of its own node", async () => {
    const hub = new MemoryHub()
    const build = (endpoint: Endpoint): void => void endpoint.channel("room:*", {})
    const [here, there] = [
      await stage({ cluster: new MemoryCluster(hub) }, build),
      await stage({ cluster: new MemoryCluster(hub) }, build),
    ]
    const [a, b] = [await here.connect(), await there.connect()]
    await a.join("room:1")
    await b.join("room:1")
    here.endpoint.localBroadcast("room:1", "news", { n: 1 })
    here.endpoint.broadcast("room:1", "news", { n: 2 })
    expect(await a.take(2)).toEqual([1, 2].map((n) => [null, null, "room:1", "news", { n }]))
    expect(await b.next()).toEqual([null, null, "room:1", "news", { n: 2 }])
  })

  it("can ask who is on a topic of other nodes, also in terminate when the last one here goes", async () => {
    const hub = new MemoryHub()
    const left: string[][] = []
    const build = (endpoint: Endpoint): void =>
      void endpoint.channel("room:*", {
        joined: (room) => room.track(String(room.params.name), {}),
        terminate: (_reason, room) => void left.push(Object.keys(room.presences)),
      })
    const [here, there] = [
      await stage({ cluster: new MemoryCluster(hub) }, build),
      await stage({ cluster: new MemoryCluster(hub) }, build),
    ]
    const [a, b] = [await here.connect(), await there.connect()]
    await b.join("room:1", { name: "bob" })
    expect(here.endpoint.presences("room:1")).toEqual({})
    expect(Object.keys(await here.endpoint.allPresences("room:1"))).toEqual(["bob"])
    await a.join("room:1", { name: "ada" })
    a.send("1", "2", "room:1", "phx_leave", {})
    await a.fence()
    expect(left).toEqual([["bob"]])
    expect(here.endpoint.presences("room:1")).toEqual({})
  })

  it("asks the cluster for a topic only as long as anybody listens", async () => {
    const cluster = new ObservedCluster()
    const { connect, endpoint } = await stage({ cluster }, (made) => made.channel("room:*", {}))
    const clients = [await connect(), await connect()]
    for (const client of clients) await client.join("room:1")
    for (const client of clients) {
      client.send("1", "2", "room:1", "phx_leave", {})
      await client.take(2)
    }
    expect(cluster.interest).toEqual(["+room:1", "-room:1"])
    expect(endpoint.counters().rookery_topics).toBe(0)
  })

  it("a broadcast that one serializer cannot encode reaches the others, and crashes a sender that uses that serializer", async () => {
    const { connect, endpoint } = await stage({}, (made) =>
      made.channel("room:*", { receive: { shout: (_, room) => room.broadcast("bytes", Uint8Array.of(1)) } }),
    )
    const [v1, v2] = [await connect({ query: { vsn: "1.0.0" } }), await connect()]
    v1.socket.send('{"topic":"room:1","event":"phx_join","payload":{},"ref":"1"}')
    await v1.next()
    await v2.join("room:1")
    v2.send("1", "2", "room:1", "shout", {})
    const [bytes, reply] = await v2.take(2)
    expect([Buffer.isBuffer(bytes), answer(reply ?? Buffer.alloc(0))]).toEqual([true, { status: "ok", response: {} }])
    v1.socket.send('{"topic":"room:1","event":"shout","payload":{},"ref":"2"}')
    expect(await v1.next()).toMatchObject({ event: "phx_error" })
    expect(endpoint.counters().rookery_broadcasts_unencodable_total).toBe(2)
  })

  it("a broadcast that only its clients' serializers cannot encode is not an error of its sender", async () => {
    const { connect, endpoint } = await stage({}, (made) => made.channel("room:*", {}))
    const [v1, v2] = [await connect({ query: { vsn: "1.0.0" } }), await connect()]
    v1.socket.send('{"topic":"room:1","event":"phx_join","payload":{},"ref":"1"}')
    await v1.next()
    const long = `room:${"x".repeat(300)}`
    await v2.join(long)
    for (const topic of ["room:1", long]) {
      expect(() => endpoint.broadcast(topic, "bytes", Uint8Array.of(1))).not.toThrow()
    }
    expect(await v2.fence()).toEqual([])
    expect(endpoint.counters().rookery_broadcasts_unencodable_total).toBe(2)
  })

  it("a broadcast that no serializer can encode is an error of its sender", async () => {
    const { connect, endpoint } = await stage({}, (made) => made.channel("room:*", {}))
    const client = await connect()
    await client.join("room:1")
    expect(() => endpoint.broadcast("room:1", "news", { n: 1n })).toThrow(
      expect.objectContaining({ code: "unencodable" }),
    )
    expect(await client.fence()).toEqual([])
  })
})

describe("a client in process", () => {
  it("is one like any other, without a port", async () => {
    const endpoint = new Endpoint({
      logger: false,
      connect: ({ params, authToken }) => params["token"] !== "bad" && { assigns: { authToken } },
    })
    endpoint.channel("room:*", { receive: { whoami: (_, room) => room.assigns } })
    const frames: unknown[] = []
    let closed: number | undefined
    const client = (params: Record<string, string>) =>
      endpoint.connectInProcess({
        params,
        authToken: "secret",
        frame: (frame) => frames.push(JSON.parse(String(frame))),
        closed: (code) => (closed = code),
      })
    await expect(client({ vsn: "2.0.0", token: "bad" })).rejects.toMatchObject({ code: "connect_refused", status: 403 })
    const line = await client({ vsn: "2.0.0" })
    line.send('["1","1","room:1","phx_join",{}]')
    line.send('["1","2","room:1","whoami",{}]')
    endpoint.broadcast("room:1", "news", {})
    expect(frames).toEqual([
      ["1", "1", "room:1", "phx_reply", { status: "ok", response: {} }],
      ["1", "2", "room:1", "phx_reply", { status: "ok", response: { authToken: "secret" } }],
      [null, null, "room:1", "news", {}],
    ])
    line.send("nonsense")
    expect(closed).toBe(1011)
    expect(endpoint.counters().rookery_sockets).toBe(0)
  })
})
