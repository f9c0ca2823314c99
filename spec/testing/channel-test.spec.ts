import { afterEach, describe, expect, it } from "vitest"
import { json, jsonV1, type PushError } from "rookery"
import { msgpack } from "rookery/msgpack"
import { ChannelTest, ExpectationError, type TestChannel, type TestSocket } from "rookery/testing"
import { PATIENCE } from "../support/patience.js"
import { makeApp, type Topics } from "./app.js"

const endpoint = makeApp()
const failure = async (act: Promise<unknown>): Promise<ExpectationError> => {
  const error: unknown = await act.then(
    () => undefined,
    (error: unknown) => error,
  )
  expect(error).toBeInstanceOf(ExpectationError)
  return error as ExpectationError
}

describe.each([
  ["json", json()],
  ["json-v1", jsonV1()],
  ["msgpack", msgpack()],
])("a test of channels by %s", (_name, serializer) => {
  const tests: ChannelTest<Topics>[] = []
  const start = (): ChannelTest<Topics> => {
    const test = new ChannelTest(endpoint, { serializer, timeout: PATIENCE.timeout, refuteTimeout: 10 })
    tests.push(test)
    return test
  }
  afterEach(async () => {
    for (const test of tests.splice(0)) await test.close()
    expect(endpoint.counters()).toMatchObject({ rookery_sockets: 0, rookery_topics: 0 })
  })

  it("connects with params as a query brings them, an auth token, headers and an address", async () => {
    const test = start()
    const plain = await test.connect({ params: { user: 7 }, authToken: "secret" })
    expect(plain.server.id).toBe("user:7")
    expect(plain.server.assigns).toEqual({ user: "7", token: "secret" })
    const nested = await test.connect({ params: { user: { name: ["ada"] } }, headers: { "X-From": "afar" } })
    expect(nested.server.assigns).toEqual({ user: "{name:{0:ada}} from afar", token: null })
    const near = await test.connect({ address: "10.0.0.1" })
    expect([near.server.address, near.server.transport]).toEqual(["10.0.0.1", "memory"])
    expect(near.server.assigns).toMatchObject({ user: "nobody from 10.0.0.1" })
  })

  it("tells of a refused connect by its status, and by what was thrown", async () => {
    const test = start()
    expect((await test.refuteConnect({ params: { user: "mallory" } })).status).toBe(401)
    await expect(test.connect({ params: { user: "mallory" } })).rejects.toMatchObject({ code: "connect_refused" })
    const crashed = await test.refuteConnect({ params: { user: "broken" } })
    expect(crashed).toMatchObject({ status: 500, cause: new Error("no database") })
    expect((await failure(test.refuteConnect())).message).toBe("refuteConnect: the client was let in")
    expect((await test.refuteConnect({ path: "/elsewhere" })).status).toBe(404)
  })

  it("joins, pushes and awaits replies", async () => {
    const room = await (await start().connect({ params: { user: "ada" } })).join("room:1", { name: "Ada" })
    expect([room.joined, room.response]).toEqual([true, { members: 3 }])
    const { id } = await room.push("new_msg", { text: "hi" }).expectReply("ok", { id: Number, text: /^h/ })
    expect(id).toBeGreaterThan(0)
    expect((await room.push("new_msg", { text: "ho" })).text).toBe("ho")
    expect(await room.push("new_msg", { text: "" }).expectReply("error")).toEqual({ reason: "empty" })
    expect(await room.push("busy").expectReply("busy", { retry: 1 })).toEqual({ retry: 1 })
    expect(await room.push("later", { ms: 1 }).expectReply("ok", { late: true })).toEqual({ late: true })
    await room.push("silent").refuteReply()
    await room.push("silent").refuteReply("ok", undefined, { timeout: 0 })
  })

  it("throws the refusal of an awaited push, with the response in the message", async () => {
    const room = await (await start().connect()).join("room:1", { name: "Ada" })
    const error = await room.push("new_msg", { text: "" }).then(
      () => expect.unreachable(),
      (error: unknown) => error as PushError,
    )
    expect(error).toMatchObject({ code: "refused", status: "error", response: { reason: "empty" } })
    expect(error.message).toBe('push "new_msg" to room:1 was refused: empty; the response is {"reason":"empty"}')
  })

  it("tells of a refused join, and of one that crashed", async () => {
    const client = await start().connect()
    expect(await client.refuteJoin("room:secret", { name: "" }, { reason: "unauthorized" })).toEqual({
      reason: "unauthorized",
    })
    await client.refuteJoin("room:broken", { name: "" }, { reason: "join crashed" })
    await expect(client.join("room:secret", { name: "" })).rejects.toThrow(
      'was refused: unauthorized; the response is {"reason":"unauthorized"}',
    )
    await expect(client.join("room:broken", { name: "" })).rejects.toMatchObject({ cause: new Error("join is broken") })
    expect((await failure(client.refuteJoin("room:1", { name: "" }))).message).toContain("it was let in")
    const wrong = await failure(client.refuteJoin("room:secret", { name: "" }, { reason: "full" }))
    expect(wrong.message).toContain('reason: expected "full", got "unauthorized"')
  })

  it("sees pushes and broadcasts from the join on, in any order or in this one", async () => {
    const room = await (await start().connect()).join("room:welcome", { name: "Ada" })
    expect(await room.expectBroadcast("tick", { n: 0 })).toEqual({ n: 0 })
    room.push("ticks", { count: 3 })
    expect(await room.expectPush("tick", { n: 2 })).toEqual({ n: 2 })
    await room.expectNextPush("welcome", { at: String })
    await room.expectNextPush("tick", { n: 0 })
    await room.expectNextPush("tick", { n: (n) => n === 1 })
    expect(room.unread).toEqual([{ event: "tick", payload: { n: 3 } }])
    const late = await failure(room.expectNextPush("welcome"))
    expect(late.message).toBe('expectNextPush on room:welcome: welcome: something else came first.\n  tick {"n":3}')
    room.push("ticks", { count: 2 })
    expect(room.flush()).toHaveLength(2)
    await room.refutePush()
  })

  it("tells several clients apart", async () => {
    const test = start()
    const [ada, bob] = await Promise.all([
      test.connect({ params: { user: "ada" } }),
      test.connect({ params: { user: "bob" } }),
    ])
    const hers = await ada.join("room:1", { name: "Ada" })
    const his = await bob.join("room:1", { name: "Bob" })
    await hers.push("whisper", { text: "psst" })
    expect(await his.expectPush("new_msg")).toEqual({ from: "ada", text: "psst" })
    await hers.refutePush("new_msg")
    await test.expectBroadcast("room:1", "new_msg", { from: "ada" })
    await test.refuteBroadcast("room:1")
    await hers.refuteBroadcast("new_msg", { from: "bob" })
    ada.close()
    expect(await hers.expectTerminate({ kind: "closed" })).toEqual({ kind: "closed", code: 1000 })
    expect([ada.connected, hers.joined, bob.connected, his.joined]).toEqual([false, false, true, true])
    bob.close(1006)
    await his.expectTerminate({ kind: "closed", code: 1006 })
  })

  it("hears the broadcasts of a topic that nobody has joined, as a client gets them", async () => {
    const test = start()
    expect((await failure(test.expectBroadcast("admin:log", "line"))).message).toContain('call subscribe("admin:log")')
    test.subscribe("admin:log")
    const sent = { text: "one", at: undefined }
    endpoint.broadcast("admin:log", "line", sent)
    sent.text = "two"
    expect(await test.expectBroadcast("admin:log", "line", { text: "one" })).toMatchObject({ text: "one" })
    endpoint.broadcast("room:1", "tick", { n: 1 })
    await test.refuteBroadcast("admin:log")
  })

  it("leaves, is kicked, is disconnected and is replaced, each with its reason", async () => {
    const test = start()
    const client = await test.connect({ params: { user: "ada" } })
    const left = await client.join("room:1", { name: "Ada" })
    await left.leave()
    expect([await left.expectTerminate({ kind: "left" }), left.joined]).toEqual([{ kind: "left" }, false])
    const kicked = await client.join("room:1", { name: "Ada" })
    endpoint.kick("room:1", "user:ada")
    await kicked.expectClose()
    await kicked.expectTerminate({ kind: "kicked" })
    const replaced = await client.join("room:1", { name: "Ada" })
    const again = await client.join("room:1", { name: "Ada" })
    await replaced.expectClose()
    await replaced.expectTerminate({ kind: "duplicate_join" })
    expect(again.joined).toBe(true)
    again.push("stop", { reason: "shutdown" })
    await again.expectClose()
    await again.expectTerminate({ kind: "stopped", reason: "shutdown" })
    const stopped = await client.join("room:1", { name: "Ada" })
    stopped.push("stop", { reason: "tired" })
    expect(await stopped.expectCrash()).toBeUndefined()
    const last = await client.join("room:1", { name: "Ada" })
    test.subscribe("user:ada")
    endpoint.disconnect("user:ada")
    expect(await client.expectDisconnect()).toBe(1001)
    await last.expectTerminate({ kind: "closed", code: 1001 })
  })

  it("knows who is present", async () => {
    const test = start()
    const topic = `room:present-${serializer.name}` as const
    const hers = await (await test.connect()).join(topic, { name: "Ada" })
    const his = await (await test.connect()).join(topic, { name: "Bob" })
    await hers.expectPresence("Bob", { name: "Bob" })
    expect((await his.expectPresence("Ada")).metas).toHaveLength(1)
    hers.push("mood", { mood: "glad" })
    await his.expectPresence("Ada", { mood: "glad" })
    expect(Object.keys(his.presences).sort()).toEqual(["Ada", "Bob"])
    await hers.leave()
    await his.expectAbsence("Ada")
    const error = await failure(his.expectPresence("Ada", { mood: "sad" }, { timeout: 1 }))
    expect(error.message).toMatch(/^expectPresence on .*: Ada \{"mood":"sad"\}: not so within 1 ms\./)
    await expect(his.expectAbsence("Bob", { timeout: 1 })).rejects.toThrow('"name":"Bob"')
  })

  it("gives what a handler threw", async () => {
    const room = await (await start().connect()).join("room:1", { name: "Ada" })
    const push = room.push("boom", { message: "kaput" })
    expect(await room.expectCrash()).toEqual(new Error("kaput"))
    expect(await room.expectTerminate({ kind: "crashed" })).toMatchObject({ error: new Error("kaput") })
    await push.refuteReply()
    expect(room.joined).toBe(false)
  })
})

describe("the payloads of a connection", () => {
  it("are copies that the serializer has made", async () => {
    await using test = new ChannelTest(endpoint)
    const room = await (await test.connect()).join("room:1", { name: "Ada" })
    const at = new Date(0)
    expect(await room.push("echo", { at, none: undefined })).toStrictEqual({ at: at.toISOString() })
    await expect(async () => room.push("echo", { n: 1n })).rejects.toMatchObject({ code: "unencodable" })
  })

  it.each([
    ["json", json()],
    ["msgpack", msgpack()],
  ])("may be bytes by %s", async (_name, serializer) => {
    await using test = new ChannelTest(endpoint, { serializer })
    const room = await (await test.connect()).join("room:1", { name: "Ada" })
    const echoed = await room.push("echo", new Uint8Array([1, 2])).expectReply("ok", new Uint8Array([1, 2]))
    expect(new Uint8Array(echoed as Uint8Array)).toEqual(new Uint8Array([1, 2]))
    endpoint.broadcast("room:1", "bytes", new Uint8Array([3]))
    await room.expectPush("bytes", new Uint8Array([3]))
    await room.expectBroadcast("bytes", Uint8Array)
  })

  it("close the connection with 1011 if they are nonsense", async () => {
    await using test = new ChannelTest(endpoint)
    const client = await test.connect()
    const room = await client.join("room:1", { name: "Ada" })
    client.sendFrame("nonsense")
    await client.expectDisconnect(1011)
    await expect(room.push("silent").expectReply("ok")).rejects.toThrow("the connection was closed with 1011")
  })
})

describe("a failed expectation", () => {
  const join = async (): Promise<{
    test: ChannelTest<Topics>
    client: TestSocket<Topics>
    room: TestChannel<Topics["room:*"]>
  }> => {
    const test = new ChannelTest(endpoint, { timeout: 5 })
    const client = await test.connect()
    return { test, client, room: await client.join("room:1", { name: "Ada" }) }
  }

  it("shows what came instead, and where it differs", async () => {
    const { test, room } = await join()
    room.push("ticks", { count: 2 })
    await room.push("new_msg", { text: "ho" })
    const error = await failure(room.expectPush("new_msg", { text: "hi" }))
    expect(error.message).toBe(
      'expectPush on room:1: new_msg {"text":"hi"}: nothing that fits came within 5 ms.\n' +
        "What came instead:\n" +
        '  1. tick {"n":1}\n' +
        '  2. tick {"n":2}\n' +
        '  3. new_msg {"from":"nobody","text":"ho"}\n' +
        '     text: expected "hi", got "ho"',
    )
    expect((await failure(room.push("silent").expectReply("ok"))).message).toBe(
      'expectReply to push "silent" to room:1: ok: nothing that fits came within 5 ms.\nNothing else came either.',
    )
    expect((await failure(room.refutePush("tick", { n: 2 }))).message).toBe(
      'refutePush on room:1: tick {"n":2}: it came.\n  tick {"n":2}',
    )
    expect((await failure(room.refuteBroadcast("new_msg"))).message).toContain("it came")
    expect((await failure(room.push("ticks", { count: 0 }).refuteReply())).message).toContain("it came.\n  ok {}")
    await test.close()
  })

  it("has the line of the test's code in its stack", async () => {
    const { test, room } = await join()
    async function theTest(): Promise<void> {
      await room.expectPush("welcome")
    }
    const { stack = "" } = await failure(theTest())
    expect(stack.split("\n")[2]).toMatch(/at theTest .*channel-test\.spec\.ts/)
    await test.close()
  })

  it("comes at once when nothing can come any more, and tells what the server threw", async () => {
    const test = new ChannelTest(endpoint, { timeout: 600_000 })
    const client = await test.connect()
    const room = await client.join("room:1", { name: "Ada" })
    const push = room.push("boom", { message: "kaput" })
    const error = await failure(push.expectReply("ok"))
    expect(error.message).toBe(
      'expectReply to push "boom" to room:1: ok: it cannot come: the channel has ended.\n' +
        "Nothing else came either.\n" +
        "The server threw meanwhile:\n" +
        "  channel of room:1: Error: kaput",
    )
    expect(error.cause).toEqual(new Error("kaput"))
    await expect(room.expectPush("welcome")).rejects.toThrow("it cannot come: the channel crashed")
    await expect(room.expectPresence("Ada", undefined, { timeout: 1 })).rejects.toThrow("not so within 1 ms")
    const waiting = failure((await client.join("room:1", { name: "Ada" })).expectPush("welcome"))
    const terminating = failure((await client.join("room:2", { name: "Ada" })).expectTerminate({ kind: "kicked" }))
    const hearing = failure(test.expectBroadcast("room:2", "tick"))
    await test.close()
    expect((await waiting).message).toContain("the connection was closed with 1000")
    expect((await terminating).message).toContain('kind: expected "kicked", got "closed"')
    expect((await hearing).message).toContain("the test was closed")
  })
})

describe("the end of a test", () => {
  it("tells of what the server threw and no expectation was about", async () => {
    const test = new ChannelTest(endpoint)
    const client = await test.connect()
    const crashing = await client.join("room:1", { name: "Ada" })
    crashing.push("boom", { message: "kaput" })
    await client.join("room:untidy", { name: "Ada" })
    const error = await failure(test.close())
    expect(error.message).toBe(
      "the server threw errors that the test did not expect:\n" +
        "  channel of room:1: Error: kaput\n" +
        "  terminate of room:untidy: Error: terminate is broken",
    )
    expect(endpoint.counters().rookery_sockets).toBe(0)
    await test.close()
  })

  it("leaves nothing to be heard by the next", async () => {
    const test = new ChannelTest(endpoint)
    await (await test.connect()).join("room:present", { name: "Ada" })
    await test.close()
    await using next = new ChannelTest(endpoint)
    const room = await (await next.connect()).join("room:present", { name: "Bob" })
    const { metas } = await room.expectPresence("Bob")
    expect(metas).toHaveLength(1)
    const { leaves } = await room.expectNextPush("presence_diff")
    expect(leaves).toEqual({})
    expect(Object.keys(room.presences)).toEqual(["Bob"])
  })

  it("is none of another test's of the same endpoint", async () => {
    const one = new ChannelTest(endpoint)
    const other = new ChannelTest(endpoint)
    const room = await (await one.connect()).join("room:1", { name: "Ada" })
    const others = await (await other.connect()).join("room:1", { name: "Bob" })
    room.push("boom", { message: "kaput" })
    await expect(other.close()).resolves.toBeUndefined()
    await others.expectTerminate({ kind: "closed" })
    await room.expectCrash()
    await one.close()
    await expect((await endpoint.connectInProcess({ params: {}, frame() {}, closed() {} })).close()).toBeUndefined()
  })
})
