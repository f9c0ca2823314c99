import { describe, expect, it } from "vitest"
import { inspector, type InspectedCluster, type InspectedState, type InspectedTopic } from "rookery/inspect"
import { Endpoint } from "rookery/server"
import { FakeClock } from "../support/fake-clock.js"
import { gatewayLine } from "../support/gateway-line.js"
import { HOME, inspectedStages, socketOf, StreamReader, type Told } from "./stage.js"

const stage = inspectedStages()

const PARTS = ["state", "topic?topic=room:1", "cluster", "stream"]

describe("an inspector", () => {
  it("is not made without a check of who may look", () => {
    const endpoint = new Endpoint({ logger: false })
    // @ts-expect-error: the check is missing
    expect(() => inspector(endpoint, {})).toThrow(expect.objectContaining({ code: "bad_option" }))
  })

  it.each([...PARTS, "disconnect", "kick"])("asks the check for %s", async (part) => {
    const asked: string[] = []
    const { inspected, act } = stage({
      allow: ({ method, url }) => {
        asked.push(`${method} ${url}`)
        return false
      },
    })
    const isAction = !PARTS.includes(part)
    const status = isAction
      ? await act(part, { id: "ada" })
      : (await inspected.fetch(new Request(`${HOME}/${part}`))).status
    expect(status).toBe(403)
    expect(asked).toEqual([`${isAction ? "POST" : "GET"} ${HOME}/${part}`])
  })

  it("lets nobody in whose check gives anything else than true", async () => {
    const { inspected } = stage({ allow: (() => "yes") as never })
    expect((await inspected.fetch(new Request(`${HOME}/state`))).status).toBe(403)
  })

  it("passes the answer of the check on, which may ask for a log-in", async () => {
    const headers = { "www-authenticate": 'Basic realm="inspect"' }
    const { inspected } = stage({ allow: async () => new Response("log in", { status: 401, headers }) })
    const response = await inspected.fetch(new Request(`${HOME}/state`))
    expect([response.status, await response.text()]).toEqual([401, "log in"])
    expect(response.headers.get("www-authenticate")).toBe('Basic realm="inspect"')
    expect(response.headers.get("content-security-policy")).toContain("default-src 'none'")
  })

  it("shows nothing if the check throws, and tells the error", async () => {
    const errors: unknown[] = []
    const boom = new Error("boom")
    const { inspected } = stage({ allow: () => Promise.reject(boom), onError: (error) => errors.push(error) })
    const response = await inspected.fetch(new Request(`${HOME}/state`))
    expect([response.status, await response.text(), errors]).toEqual([500, expect.not.stringContaining("boom"), [boom]])
  })

  it.each([...PARTS, "nothing"])("answers %s with headers that a browser takes as strict", async (part) => {
    const { inspected } = stage()
    const { headers, body } = await inspected.fetch(new Request(`${HOME}/${part}`))
    expect(headers.get("content-security-policy")).toMatch(/default-src 'none'.*frame-ancestors 'none'/)
    expect(headers.get("cache-control")).toBe("no-store")
    expect(headers.get("x-content-type-options")).toBe("nosniff")
    expect(headers.get("access-control-allow-origin")).toBeNull()
    await body?.cancel()
  })

  it("has its own path only, and says which methods a part takes", async () => {
    const { inspected } = stage({ path: "/ops/look/" })
    const statusOf = async (path: string, method = "GET"): Promise<(number | string | null)[]> => {
      const { status, headers } = await inspected.fetch(new Request(`http://node.test${path}`, { method }))
      return [status, headers.get("allow")]
    }
    expect(await statusOf("/ops/look/state")).toEqual([200, null])
    expect(await statusOf("/ops/look/state", "HEAD")).toEqual([200, null])
    expect(await statusOf("/inspect/state")).toEqual([404, null])
    expect(await statusOf("/ops/look/toString")).toEqual([404, null])
    expect(await statusOf("/ops/look/state", "DELETE")).toEqual([405, "GET, HEAD"])
    expect(await statusOf("/ops/look/kick")).toEqual([405, "POST"])
  })
})

describe("the state", () => {
  it("has the sockets with their channels, the topics, and the counts", async () => {
    const { read, visit, endpoint } = stage()
    await visit({ id: "ada" }, "room:1", "room:2")
    await visit({}, "room:1")
    const state = await read<InspectedState>("state")
    const channel = (topic: string): object => ({ topic, joined: true, waiting: 0 })
    expect(state.sockets).toEqual([
      {
        key: `${state.node}-1`,
        id: "ada",
        transport: "memory",
        address: null,
        channels: [channel("room:1"), channel("room:2")],
        moreChannels: 0,
      },
      expect.objectContaining({ key: `${state.node}-2`, id: null, channels: [channel("room:1")] }),
    ])
    expect(state.topics).toEqual([
      { topic: "room:1", clients: 2 },
      { topic: "room:2", clients: 1 },
    ])
    expect(state.counters).toEqual({ ...endpoint.counters() })
    expect(state.healthy).toBe(true)
  })

  it("is searched by id and by topic, and says how much it leaves out", async () => {
    const { read, visit } = stage()
    await visit({ id: "ada" }, "room:1")
    await visit({ id: "bob" }, "room:2")
    await visit({ id: "bo" }, "room:2")
    const found = async (query: string): Promise<unknown[]> => {
      const { sockets, moreSockets, topics, moreTopics } = await read<InspectedState>(`state?${query}`)
      return [sockets.map(({ id }) => id), moreSockets, topics.map(({ topic }) => topic), moreTopics]
    }
    expect(await found("search=ADA")).toEqual([["ada"], 0, [], 0])
    expect(await found("search=room:2")).toEqual([["bob", "bo"], 0, ["room:2"], 0])
    expect(await found("limit=1")).toEqual([["ada"], 2, ["room:2"], 1])
    expect(await found("limit=-1")).toEqual([["ada", "bob", "bo"], 0, ["room:2", "room:1"], 0])
  })

  it("shows of a topic who is on it and who is present, without secrets", async () => {
    const { read, visit } = stage()
    await visit({ id: "ada", track: "ada" }, "room:1")
    await visit({ id: "bob" }, "room:1", "room:2")
    const topic = await read<InspectedTopic>("topic?topic=room:1")
    expect(topic.sockets.map(({ id, channels }) => [id, channels.map((each) => each.topic)])).toEqual([
      ["ada", ["room:1"]],
      ["bob", ["room:1"]],
    ])
    expect(topic.presences).toEqual([
      { key: "ada", metas: [{ token: "(hidden)", phx_ref: expect.any(String) as unknown }] },
    ])
    expect(await read("topic")).toMatchObject({ code: 400 })
  })

  it("counts the nodes and sockets of the cluster, and says so if it cannot be reached", async () => {
    const { read, visit, endpoint, inspected } = stage()
    await visit({}, "room:1")
    expect(await read<InspectedCluster>("cluster")).toEqual({ nodes: 1, sockets: 1, healthy: true })
    inspected.stop()
    const down = Object.create(endpoint) as Endpoint
    down.nodes = () => Promise.reject(new Error("unreachable"))
    down.count = () => Promise.reject(new Error("unreachable"))
    Object.defineProperty(down, "healthy", { value: false })
    const answer = await inspector(down, { allow: () => true }).fetch(new Request(`${HOME}/cluster`))
    expect(await answer.json()).toEqual({ nodes: null, sockets: null, healthy: false })
  })
})

describe("an action", () => {
  it("disconnects one socket, or all sockets of an id", async () => {
    const { act, read, visit } = stage()
    await visit({ id: "ada" }, "room:1")
    const [room] = await visit({ id: "ada" }, "room:1")
    await visit({ id: "bob" }, "room:1")
    const { sockets } = await read<InspectedState>("state")
    const closed = new Promise((resolve) => socketOf(room).onClose(resolve))
    expect(await act("disconnect", { socket: sockets[1]?.key })).toBe(204)
    await closed
    // The other sockets are the same ones as before.
    const left = (await read<InspectedState>("state")).sockets.map(({ key }) => key)
    expect(left).toEqual(expect.arrayContaining([sockets[0]?.key, sockets[2]?.key]))
    expect(left).not.toContain(sockets[1]?.key)
    expect(await act("disconnect", { id: "ada" })).toBe(204)
    expect((await read<InspectedState>("state")).sockets.map(({ key }) => key)).not.toContain(sockets[0]?.key)
    expect(await act("disconnect", { socket: sockets[1]?.key })).toBe(404)
  })

  it("removes one socket, or all sockets of an id, from a topic", async () => {
    const { act, read, visit } = stage()
    await visit({ id: "ada" }, "room:1", "room:2")
    await visit({}, "room:1")
    const { sockets } = await read<InspectedState>("state")
    const topics = async (): Promise<string[][]> =>
      (await read<InspectedState>("state")).sockets.map(({ channels }) => channels.map(({ topic }) => topic))
    expect(await act("kick", { topic: "room:1", socket: sockets[1]?.key })).toBe(204)
    expect(await topics()).toEqual([["room:1", "room:2"], []])
    expect(await act("kick", { topic: "room:2", id: "ada" })).toBe(204)
    expect(await topics()).toEqual([["room:1"], []])
  })

  it("is never taken for one on another node's socket", async () => {
    const here = stage()
    const there = stage()
    await here.visit({}, "room:1")
    await there.visit({}, "room:1")
    const [socket] = (await here.read<InspectedState>("state")).sockets
    expect(await there.act("disconnect", { socket: socket?.key })).toBe(409)
    expect((await there.read<InspectedState>("state")).sockets).toHaveLength(1)
  })

  const OWN = { "x-rookery-inspect": "1", "content-type": "application/json" }
  it.each<[string, Record<string, string>, number]>([
    ["from the inspector's page", { ...OWN, "sec-fetch-site": "same-origin", origin: "http://node.test" }, 204],
    ["from the page, behind a proxy", { ...OWN, "sec-fetch-site": "same-origin", origin: "https://ops.test" }, 204],
    ["from an old browser", { ...OWN, origin: "http://node.test" }, 204],
    ["from no browser", OWN, 204],
    ["from another page", { ...OWN, "sec-fetch-site": "cross-site", origin: "https://evil.test" }, 403],
    ["from a page of the same site", { ...OWN, "sec-fetch-site": "same-site" }, 403],
    ["from another page in an old browser", { ...OWN, origin: "https://evil.test" }, 403],
    ["from a frame without an origin", { ...OWN, origin: "null" }, 403],
    ["as a form sends it", { "content-type": "text/plain" }, 403],
    ["as a form of the same site sends it", { "content-type": "text/plain", "sec-fetch-site": "same-origin" }, 403],
    ["as no JSON", { ...OWN, "content-type": "text/plain" }, 415],
  ])("an action that comes %s is checked for its sender", async (_from, headers, status) => {
    const { act, visit, read } = stage()
    await visit({ id: "ada" }, "room:1")
    expect(await act("kick", { topic: "room:1", id: "ada" }, headers)).toBe(status)
    const [socket] = (await read<InspectedState>("state")).sockets
    expect(socket?.channels).toHaveLength(status === 204 ? 0 : 1)
  })

  it("an action that does not reach other nodes is carried out on this one, and says so", async () => {
    const { endpoint } = stage()
    const cut = Object.assign(Object.create(endpoint) as Endpoint, {
      disconnect: () => Promise.reject(new Error("unreachable")),
    })
    const { fetch } = inspector(cut, { allow: () => true })
    const body = JSON.stringify({ id: "ada" })
    const response = await fetch(new Request(`${HOME}/disconnect`, { method: "POST", headers: OWN, body }))
    expect([response.status, await response.json()]).toEqual([
      503,
      { error: "done on this node; the other nodes cannot be reached", code: 503 },
    ])
  })

  it("is refused if it is no object, or too long, or does not say whom", async () => {
    const { act } = stage()
    expect(await act("kick", [] as object)).toBe(400)
    expect(await act("kick", { topic: "room:1", id: "x".repeat(20_000) })).toBe(413)
    expect(await act("kick", { id: "ada" })).toBe(400)
    expect(await act("kick", { topic: "room:1", id: 5 })).toBe(400)
    expect(await act("disconnect", { id: "" })).toBe(400)
  })

  it("a page of another origin can neither act nor read data", async () => {
    const { inspected, listeners } = stage()
    for (const part of PARTS) {
      const request = new Request(`${HOME}/${part}`, { headers: { "sec-fetch-site": "cross-site" } })
      expect((await inspected.fetch(request)).status, part).toBe(403)
    }
    expect(listeners()).toBe(0)
  })
})

describe("the stream of an inspector", () => {
  it("costs an endpoint no listener until it is open, and none once it is left", async () => {
    const { inspected, listeners, read, visit } = stage()
    await visit({}, "room:1")
    await read("state")
    await inspected.fetch(new Request(`${HOME}/stream`, { method: "HEAD" }))
    expect(listeners()).toBe(0)
    const open = async (): Promise<StreamReader> =>
      new StreamReader(await inspected.fetch(new Request(`${HOME}/stream`)))
    const [first, second] = [await open(), await open()]
    const some = listeners()
    expect(some).toBeGreaterThan(0)
    await first.cancel()
    expect(listeners()).toBe(some)
    await second.cancel()
    expect(listeners()).toBe(0)
    const third = await open()
    expect(listeners()).toBe(some)
    inspected.stop()
    expect(listeners()).toBe(0)
    expect(await third.next()).toBeUndefined()
  })

  it("tells the messages that pass, with whose they are", async () => {
    const { inspected, visit, read } = stage()
    const [room] = await visit({ id: "ada" }, "room:1")
    const [socket] = (await read<InspectedState>("state")).sockets
    const stream = new StreamReader(await inspected.fetch(new Request(`${HOME}/stream`)))
    await room?.push("shout", { text: "hi", token: "t0ps3cret" })
    const payload = { text: "hi", token: "(hidden)" }
    const shared = { topic: "room:1", at: expect.any(Number) as unknown }
    const who = { socket: socket?.key, id: "ada" }
    expect(await stream.next()).toEqual({
      event: "message",
      data: {
        ...shared,
        ...who,
        direction: "in",
        event: "shout",
        payload,
        ref: expect.any(String) as unknown,
        recipients: null,
      },
    })
    expect(await stream.next()).toEqual({
      event: "message",
      data: {
        ...shared,
        direction: "broadcast",
        event: "shout",
        payload,
        ref: null,
        socket: null,
        id: null,
        recipients: 1,
      },
    })
    expect(await stream.next()).toMatchObject({ data: { ...who, direction: "out", payload: { status: "ok" } } })
  })

  it.each([
    ["topic=room:1", ["room:1 echo", "room:1 phx_reply", "room:1 shout", "room:1 shout", "room:1 phx_reply"]],
    ["topic=room:*&event=echo", ["room:1 echo", "room:2 echo"]],
    ["topic=*:2&event=*o", ["room:2 echo"]],
    ["topic=r*m*2&event=e*ho*", ["room:2 echo"]],
    ["event=echo&topic=", ["room:1 echo", "room:2 echo"]],
  ])("has only the messages that are asked for: %s", async (query, expected) => {
    const { inspected, visit } = stage()
    const rooms = await visit({ id: "ada" }, "room:1", "room:2")
    const stream = new StreamReader(await inspected.fetch(new Request(`${HOME}/stream?${query}`)))
    for (const room of rooms) for (const event of ["echo", "shout"]) await room.push(event, {})
    for (const room of rooms) await room.push("echo", { end: true })
    const told: string[] = []
    await stream.until(({ data }) => {
      const isEnd = (data["payload"] as { end?: boolean }).end === true
      if (!isEnd) told.push(`${String(data["topic"])} ${String(data["event"])}`)
      return isEnd
    })
    expect(told).toEqual(expected)
  })

  it("has heartbeats only if they are asked for", async () => {
    const { inspected, endpoint } = stage()
    const line = await endpoint.connectInProcess({ params: { vsn: "2.0.0" }, frame() {}, closed() {} })
    const open = async (query: string): Promise<StreamReader> =>
      new StreamReader(await inspected.fetch(new Request(`${HOME}/stream?${query}`)))
    const [all, phoenix] = [await open(""), await open("topic=phoenix")]
    line.send('[null,"1","phoenix","heartbeat",{}]')
    line.send('["2","2","room:1","phx_join",{}]')
    expect(await phoenix.next()).toMatchObject({ data: { event: "heartbeat" } })
    expect(await all.next()).toMatchObject({ data: { event: "phx_join" } })
  })

  it("tells who comes and goes, who joins and leaves, and limits that are hit", async () => {
    const { inspected, visit } = stage({}, { limits: { pushBurst: 1, pushesPerSecond: 0.001 } })
    const stream = new StreamReader(await inspected.fetch(new Request(`${HOME}/stream?topic=none`)))
    const [room] = await visit({ id: "ada" }, "room:1")
    await room?.push("echo", {})
    await room?.push("echo", {}).catch(() => {})
    await room?.leave()
    socketOf(room).destroy()
    const told: (Told | undefined)[] = []
    for (let i = 0; i < 5; i++) told.push(await stream.next())
    const short = told.map((each) => [each?.event, each?.data["step"] ?? each?.data["limit"], each?.data["topic"]])
    expect(short).toEqual([
      ["step", "connected", null],
      ["step", "joined", "room:1"],
      ["limit", "pushesPerSecond", undefined],
      ["step", "left", "room:1"],
      ["step", "closed", null],
    ])
    expect(told.every((each) => each?.data["id"] === "ada")).toBe(true)
  })

  it("keeps no more than its bytes for a reader that is slow, which is told how much it lost", async () => {
    const bufferBytes = 2000
    const { inspected, visit } = stage({ bufferBytes })
    const [room] = await visit({}, "room:1")
    const stream = new StreamReader(await inspected.fetch(new Request(`${HOME}/stream?event=echo`)))
    for (let i = 0; i < 100; i++) await room?.push("echo", { i })
    const events: (number | undefined)[] = []
    const lost = await stream.until(({ event, data }) => {
      if (event !== "lost") events.push((data["payload"] as { i?: number }).i)
      return event === "lost"
    })
    // The oldest ones in order, and the rest counted.
    expect(events.length).toBeGreaterThan(2)
    expect(events).toEqual(events.map((_, i) => i))
    expect(lost.data).toEqual({ count: 100 - events.length })
    await room?.push("echo", { i: 100 })
    expect(await stream.next()).toMatchObject({ data: { payload: { i: 100 } } })
  })

  it("has a comment in every quarter of a minute, so that no proxy takes it for dead", async () => {
    const clock = new FakeClock()
    const { inspected } = stage({ clock })
    const stream = new StreamReader(await inspected.fetch(new Request(`${HOME}/stream`)))
    expect(await stream.bytes()).toBeGreaterThan(0)
    for (let i = 0; i < 3; i++) {
      const comment = stream.bytes()
      clock.pass(15_000)
      expect(await comment).toBe(":\n\n".length)
    }
    await stream.cancel()
    expect(clock.pending).toBe(0)
  })

  it("is one of a few", async () => {
    const { inspected, listeners } = stage()
    const open = async (): Promise<number> => (await inspected.fetch(new Request(`${HOME}/stream`))).status
    for (let i = 0; i < 20; i++) expect(await open()).toBe(200)
    expect(await open()).toBe(503)
    inspected.stop()
    expect(listeners()).toBe(0)
    expect(await open()).toBe(200)
  })
})

describe("the gateways of an endpoint", () => {
  it("are in the state: each client with its path and the time since when it is there", async () => {
    const { endpoint, read } = stage()
    endpoint.gateway("/ws", { connect: ({ params: { id } }) => ({ id: String(id) }) })
    endpoint.gateway("/feed")
    await gatewayLine(endpoint, "/ws", "id=ada")
    await gatewayLine(endpoint, "/feed")
    const { node, gatewayClients, moreGatewayClients } = await read<InspectedState>("state")
    const [ada, feed] = endpoint.gatewayClients()
    expect([gatewayClients, moreGatewayClients]).toEqual([
      [
        { key: `${node}-1`, id: "ada", path: "/ws", address: "192.0.2.1", since: ada?.connectedAt },
        { key: `${node}-2`, id: null, path: "/feed", address: "192.0.2.1", since: feed?.connectedAt },
      ],
      0,
    ])
    const found = async (query: string): Promise<unknown[]> => {
      const state = await read<InspectedState>(`state?${query}`)
      return [state.gatewayClients.map(({ path }) => path), state.moreGatewayClients]
    }
    expect(await found("search=ADA")).toEqual([["/ws"], 0])
    expect(await found("search=/fe")).toEqual([["/feed"], 0])
    expect(await found(`search=${node}-2`)).toEqual([["/feed"], 0])
    expect(await found("search=room")).toEqual([[], 0])
    expect(await found("limit=1")).toEqual([["/ws"], 1])
  })

  it("lose one client, or all of an id, to an action", async () => {
    const { act, endpoint, read } = stage()
    endpoint.gateway("/ws", { connect: ({ params: { id } }) => ({ id: String(id) }) })
    const [first, second, bob] = await Promise.all(
      ["ada", "ada", "bob"].map((id) => gatewayLine(endpoint, "/ws", `id=${id}`)),
    )
    const { gatewayClients } = await read<InspectedState>("state")
    expect(await act("disconnect", { client: gatewayClients[1]?.key })).toBe(204)
    expect([first?.closedWith(), second?.closedWith()]).toEqual([undefined, 1001])
    expect(await act("disconnect", { client: gatewayClients[1]?.key })).toBe(404)
    expect(await act("disconnect", { client: "elsewhere-1" })).toBe(409)
    expect(await act("disconnect", { id: "ada" })).toBe(204)
    expect([first?.closedWith(), bob?.closedWith()]).toEqual([1001, undefined])
  })

  it("are in the stream, without secrets: who comes and goes, and what passes", async () => {
    const { endpoint, inspected } = stage()
    const gateway = endpoint.gateway("/ws", { onMessage: (data, client) => client.send(data) })
    const stream = new StreamReader(await inspected.fetch(new Request(`${HOME}/stream`)))
    const line = await gatewayLine(endpoint, "/ws")
    const told = async (): Promise<unknown[]> => {
      const { event, data } = (await stream.next()) as Told
      return [event, data["step"] ?? data["direction"], data["path"], data["client"], data["why"] ?? data["data"]]
    }
    const [, , , key] = await told()
    line.send('{"token":"t0ps3cret","n":1}')
    for (const direction of ["in", "out"]) {
      expect(await told()).toEqual(["gateway", direction, "/ws", key, { token: "(hidden)", n: 1 }])
    }
    line.send(Uint8Array.of(1, 255))
    for (const direction of ["in", "out"]) {
      expect(await told()).toEqual(["gateway", direction, "/ws", key, "(2 bytes: 01 ff)"])
    }
    gateway.broadcast("hello, all")
    expect(await told()).toEqual(["gateway", "broadcast", "/ws", null, "hello, all"])
    line.close(4000)
    expect(await told()).toEqual(["step", "closed", "/ws", key, "4000"])
  })

  it.each([
    ["topic=/ws", ["gateway"]],
    ["topic=/w*&event=*", ["gateway"]],
    ["topic=room:*", ["message"]],
    ["event=sh*", ["message"]],
    ["", ["gateway", "message"]],
  ])("have messages in a stream that asks for them: %s", async (query, expected) => {
    const { endpoint, inspected } = stage()
    const gateway = endpoint.gateway("/ws")
    const stream = new StreamReader(await inspected.fetch(new Request(`${HOME}/stream?${query}`)))
    gateway.broadcast("hi")
    endpoint.broadcast("room:1", "shout", {})
    await endpoint.connectInProcess({ params: { vsn: "2.0.0" }, frame() {}, closed() {} })
    const events: string[] = []
    // The connection comes after the messages, and is told whatever the filter.
    await stream.until(({ event }) => {
      if (event !== "step") events.push(event)
      return event === "step"
    })
    expect(events).toEqual(expected)
  })
})
