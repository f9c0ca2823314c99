import type { Browser, Page } from "playwright-core"
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { launchChromium, openPage } from "../support/chromium.js"
import { bundleReact, REACTS, renderOnServer } from "../support/react-app.js"
import type { RoomProps } from "./react/app.js"
import { Stage } from "./react/stage.js"

const browser = await launchChromium()
afterAll(() => browser?.close())

const a: RoomProps = { id: "a", topic: "room:1", params: { name: "Ada" } }
const b: RoomProps = { ...a, id: "b" }
const JOIN = 'join room:1 {"name":"Ada"}'

describe.skipIf(!browser).each(REACTS)("the hooks in React %s, in strict mode", (_version, alias) => {
  let script = ""
  // All specs share one tab, because a window for each would take longer than the spec.
  let tab: Page
  beforeAll(async () => {
    script = await bundleReact("browser/react/page.tsx", alias)
    tab = await openPage(browser as Browser)
  })
  afterAll(() => tab.context().close())

  let stage: Stage | undefined
  const open = async (rendered = ""): Promise<Stage> => (stage = await Stage.open(tab, script, rendered))
  afterEach(async () => {
    const complaints = stage?.complaints
    await stage?.close()
    expect(complaints).toEqual([])
  })

  it("join once, on one connection, for all components with a topic and for a double mount", async () => {
    const stage = await open()
    await stage.joined({ rooms: [a, b] })
    expect(await stage.history("a")).toEqual(["connected", JOIN])
    await stage.says("#b .joined", /^\{"nth":1\}$/)
    await stage.joined({ rooms: [a, b, { ...a, id: "later" }] })
    expect(await stage.history("later")).toEqual(["connected", JOIN])
    await stage.says("#later .joined", /^\{"nth":1\}$/)
  })

  it("leave with the last component, and not with the first", async () => {
    const stage = await open()
    const other: RoomProps = { id: "other", topic: "room:2" }
    await stage.joined({ rooms: [a, b, other] })
    await stage.joined({ rooms: [b, other] })
    await stage.joined({ rooms: [b, other] })
    expect(await stage.history("b")).toEqual(["connected", JOIN, "join room:2 {}"])
    await stage.joined({ rooms: [other] })
    expect((await stage.history("other")).slice(3)).toEqual(["left room:1"])
  })

  it("do not leave when a component goes and another comes at once", async () => {
    const stage = await open()
    await stage.joined({ rooms: [a] })
    await stage.joined({ rooms: [{ ...a, id: "instead" }] })
    expect(await stage.history("instead")).toEqual(["connected", JOIN])
  })

  it("leave the old room for another topic, and join nothing for null", async () => {
    const stage = await open()
    const still: RoomProps = { id: "still", topic: "room:still" }
    await stage.joined({ rooms: [still, a] })
    await stage.joined({ rooms: [still, { ...a, topic: "room:2" }] })
    expect((await stage.history("a")).slice(3).sort()).toEqual(['join room:2 {"name":"Ada"}', "left room:1"])
    await stage.joined({ rooms: [still, { ...a, topic: null }] })
    await stage.state("a", "closed")
    expect(await stage.call("push", "a", "into nothing")).toBe("not_joined ")
    expect((await stage.history("still")).slice(5)).toEqual(["left room:2"])
  })

  it("join anew for params that say something else, and not for others that say the same", async () => {
    const stage = await open()
    await stage.joined({ rooms: [a, b] })
    await stage.joined({ rooms: [{ ...a, params: { name: "Ada" } }, b] })
    expect(await stage.history("a")).toEqual(["connected", JOIN])
    const params = { name: "Bob" }
    await stage.call("show", {
      rooms: [
        { ...a, params },
        { ...b, params },
      ],
    })
    await stage.says("#b .joined", /^\{"nth":2\}$/)
    expect((await stage.history("a")).slice(2)).toEqual(["left room:1", 'join room:1 {"name":"Bob"}'])
  })

  it("ask a function for the params of the last rendering, at every join and at no other time", async () => {
    const stage = await open()
    const asks = (ask: number): RoomProps => ({ id: "a", topic: "room:1", params: { ask }, asks: true })
    await stage.joined({ rooms: [asks(1)] })
    await stage.joined({ rooms: [asks(2)] })
    expect(await stage.history("a")).toEqual(["connected", 'join room:1 {"ask":1}'])
    void stage.endpoint.disconnect("page")
    await stage.until('join room:1 {"ask":2}')
    await stage.says("#a .joined", /^\{"nth":2\}$/)
    expect(stage.seen.filter((what) => what.startsWith("join"))).toHaveLength(2)
  })

  it("ask a component that is still mounted, though the one that came first has gone", async () => {
    const stage = await open()
    const asks = (id: string, ask: number): RoomProps => ({ id, topic: "room:1", params: { ask }, asks: true })
    await stage.joined({ rooms: [asks("a", 1), asks("b", 2)] })
    await stage.joined({ rooms: [asks("b", 3)] })
    expect((await stage.history("b")).filter((what) => what.startsWith("join"))).toHaveLength(1)
    void stage.endpoint.disconnect("page")
    await stage.until('join room:1 {"ask":3}')
  })

  it("tell who wants other params than those who are there, and join them once those have gone", async () => {
    const stage = await open()
    const bob: RoomProps = { ...b, params: { name: "Bob" } }
    await stage.call("show", { rooms: [a, bob] })
    await stage.state("a", "joined")
    await stage.state("b", "closed", "params_differ")
    await stage.joined({ rooms: [bob] })
    expect((await stage.history("b")).slice(1)).toEqual([JOIN, "left room:1", 'join room:1 {"name":"Bob"}'])
  })

  it("tell why a join was refused", async () => {
    const stage = await open()
    await stage.call("show", { rooms: [{ id: "a", topic: "room:secret" }] })
    await stage.state("a", "errored", "refused")
    expect(await stage.tab.locator("#a .joined").textContent()).toBe("null")
    await stage.joined({ rooms: [a] })
  })

  it("tell that the server has closed a room, and join it anew when all have gone", async () => {
    const stage = await open()
    await stage.joined({
      rooms: [
        { ...a, people: true },
        { id: "still", topic: "room:still" },
      ],
    })
    await stage.says("#a .people", /^Ada$/)
    await stage.endpoint.kick("room:1", "page")
    await stage.state("a", "closed")
    await stage.says("#a .people", /^$/)
    await stage.joined({ rooms: [{ id: "still", topic: "room:still" }] })
    await stage.call("settled")
    await stage.joined({ rooms: [a] })
    const joins = (await stage.history("a")).filter((what) => what.startsWith("join"))
    expect(joins).toEqual([JOIN, "join room:still {}", JOIN])
  })

  it("hear by the handler of the last rendering, from the first message on, once each", async () => {
    const stage = await open()
    await stage.joined({ rooms: [{ ...a, mark: "one" }] })
    await stage.call("push", "a", "x")
    await stage.call("settled")
    await stage.call("push", "a", "y")
    await stage.joined({ rooms: [{ ...a, mark: "two" }] })
    await stage.call("push", "a", "z")
    expect(await stage.call("log")).toEqual(["one: welcome", "one0: x", "one1: y", "two2: z"])
    await stage.joined({ rooms: [a] })
    expect(await stage.history("a")).toEqual(["connected", JOIN])
    expect(await stage.call("log")).toHaveLength(4)
  })

  it("hear the events of a topic by its name, and share its join", async () => {
    const stage = await open()
    await stage.joined({ rooms: [a, { ...b, mark: "by name ", byTopic: true }] })
    await stage.call("push", "a", "x")
    expect(await stage.call("log")).toEqual(["by name 0: x"])
    expect(await stage.history("a")).toEqual(["connected", JOIN])
  })

  it("push before the join is answered, and give the answer", async () => {
    const stage = await open()
    await stage.joined({ rooms: [{ ...a, greets: "hello" }] })
    await expect.poll(() => stage.call("log")).toContain("greeted")
    expect(await stage.call("push", "a", "hi")).toMatch(/^ok \d+$/)
    expect(await stage.call("push", "a", "no")).toBe("refused not that")
  })

  it("show who is there, to a component that mounts later too", async () => {
    const stage = await open()
    await stage.joined({ rooms: [a] })
    await stage.joined({ rooms: [a, { ...b, people: true }] })
    await stage.says("#b .people", /^Ada$/)
    const { endpoint } = stage
    const diff = (joins: object, leaves: object): void =>
      void endpoint.broadcast("room:1", "presence_diff", { joins, leaves } as never)
    diff({ Bob: { metas: [{ phx_ref: "b", since: 2 }] } }, {})
    await stage.says("#b .people", /^Ada,Bob$/)
    diff({}, { Bob: { metas: [{ phx_ref: "b", since: 2 }] } })
    await stage.says("#b .people", /^Ada$/)
    expect(await stage.history("b")).toEqual(["connected", JOIN])
  })

  it("show the status, and are joined again after the connection was lost", async () => {
    const stage = await open()
    await stage.joined({ rooms: [{ ...a, mark: "" }], status: true })
    await stage.says("#status", /^connected$/)
    void stage.endpoint.disconnect("page")
    await stage.says("#a .joined", /^\{"nth":2\}$/)
    await stage.says("#status", /^connected$/)
    await stage.call("push", "a", "back")
    const log = await stage.call("log")
    expect(log.filter((line) => line.endsWith("back"))).toHaveLength(1)
    expect(log).toContain("reconnecting")
  })

  it("leave and disconnect at unmount, and connect anew at the next mount", async () => {
    const stage = await open()
    await stage.joined({ rooms: [a] })
    await stage.call("hide")
    await stage.until("disconnected")
    expect(stage.seen).toEqual(["connected", JOIN, "left room:1", "disconnected"])
    await stage.joined({ rooms: [a] })
    expect((await stage.history("a")).slice(4)).toEqual(["connected", JOIN])
  })

  it("leave a given socket as it was: connected, and its own channel joined with nobody listening", async () => {
    const stage = await open()
    await stage.joined({ rooms: [{ ...a, topic: null }] }, true)
    expect(await stage.call("status")).toBe("disconnected")
    await stage.call("connect")
    await stage.call("own", "room:1")
    const before = await stage.call("bound")
    const shared: RoomProps = { ...a, params: {}, mark: "", people: true }
    await stage.joined({ rooms: [shared, { ...b, topic: "room:2" }], status: true }, true)
    await stage.says("#a .joined", /^\{"nth":1\}$/)
    expect(await stage.call("bound")).toBeGreaterThan(before)
    await stage.call("hide")
    await stage.until("left room:2")
    await stage.call("settled")
    expect(await stage.call("bound")).toBe(before)
    expect(await stage.call("status")).toBe("connected")
    expect(stage.seen).toEqual(["connected", "join room:1 {}", 'join room:2 {"name":"Ada"}', "left room:2"])
  })

  it("never show two components different things in one drawing", async () => {
    const stage = await open()
    const [most, numbers] = await stage.call("crowd", 8)
    expect(most).toBe(1)
    expect(numbers).toBeGreaterThan(1)
  })

  it("take over what a server has rendered", async () => {
    const shown = { rooms: [{ ...a, greets: "hello", mark: "", people: true }], status: true }
    const { html } = await renderOnServer(alias, shown)
    const stage = await open(html)
    await stage.call("hydrate", shown)
    await stage.state("a", "joined")
    await stage.says("#a .people", /^Ada$/)
    expect((await stage.history("a")).slice(0, 2)).toEqual(["connected", JOIN])
    expect((await stage.call("log")).filter((line) => line.startsWith("recovered"))).toEqual([])
  })

  it("connect with a token that the provider is given only after its first rendering", async () => {
    const stage = await open()
    await stage.joined({ rooms: [a] })
    await stage.joined({ rooms: [a], token: "one", authToken: "two" })
    expect(await stage.history("a")).toEqual(["connected", JOIN])
    void stage.endpoint.disconnect("page")
    await stage.until("connected one two")
  })

  it("connect with the params of the last rendering, and to another end point by another socket", async () => {
    const stage = await open()
    await stage.joined({ rooms: [a], token: "one" })
    await stage.joined({ rooms: [a], token: "two" })
    expect(await stage.history("a")).toEqual(["connected one", JOIN])
    void stage.endpoint.disconnect("page")
    await stage.until("connected two")
    await stage.says("#a .joined", /^\{"nth":2\}$/)
    const before = stage.seen.length
    await stage.joined({ rooms: [a], token: "three", endPoint: "/other" })
    await stage.until("left room:1")
    await stage.says("#a .joined", /^\{"nth":3\}$/)
    await expect.poll(() => stage.seen.slice(before)).toContain("disconnected")
    expect((await stage.history("a")).slice(before).sort()).toEqual([
      "connected three",
      "disconnected",
      JOIN,
      "left room:1",
    ])
  })
})
