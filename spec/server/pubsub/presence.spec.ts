import { beforeEach, describe, expect, it } from "vitest"
import { Presence } from "rookery"
import type { PresenceDiff, PresenceState } from "../../../lib/protocol/presence.js"
import { PresenceTable } from "../../../lib/server/pubsub/presence.js"
import { Turns } from "../../../lib/server/limits/turns.js"
import { stages } from "../../support/stage.js"
import { answer } from "../../support/wire-client.js"
import { nodeRuntime } from "../../../lib/runtime/node/platform/node-runtime.js"
import { runtimeAt } from "../../support/runtime.js"

interface Told {
  topic: string
  event: string
  payload: unknown
}

const names = (state: PresenceState): Record<string, unknown[]> =>
  Object.fromEntries(
    Object.entries(state).map(([key, { metas }]) => [key, metas.map((meta) => (meta as { n?: unknown }).n)]),
  )

const tracker = (
  topic: string,
): { topic: string; pushed: unknown[]; push: (event: string, payload: unknown) => void } => {
  const pushed: unknown[] = []
  return { topic, pushed, push: (event, payload) => void pushed.push([event, structuredClone(payload)]) }
}

describe("the table of presences", () => {
  let told: Told[]
  let table: PresenceTable

  beforeEach(() => {
    told = []
    table = new PresenceTable({
      turns: new Turns(nodeRuntime),
      atEndOfTurn: nodeRuntime.atEndOfTurn,
      publish: (topic, event, payload) => void told.push({ topic, event, payload: structuredClone(payload) }),
      share: undefined,
      failed: (error) => {
        throw error
      },
    })
  })

  const diffs = (): { joins: object; leaves: object }[] =>
    told.map(({ payload }) => {
      const { joins, leaves } = payload as PresenceDiff
      return { joins: names(joins), leaves: names(leaves) }
    })

  it("tells of what changed in one turn by one diff", () => {
    const [a, b] = [tracker("t"), tracker("t")]
    table.track(a, "ada", { n: 1 }, false)
    table.track(b, "ada", { n: 2 }, false)
    table.track(b, "bob", { n: 3 }, false)
    table.flush()
    table.untrack(b)
    table.flush()
    expect(diffs()).toEqual([
      { joins: { ada: [1, 2], bob: [3] }, leaves: {} },
      { joins: {}, leaves: { ada: [2], bob: [3] } },
    ])
  })

  it("says nothing of whoever came and went within a turn", () => {
    const a = tracker("t")
    table.track(a, "ada", { n: 1 }, false)
    table.untrack(a)
    table.flush()
    expect(told).toEqual([])
    expect(table.size).toBe(0)
  })

  it("tells of whoever came and went within a turn, if the state was read in between", () => {
    const [a, b] = [tracker("t"), tracker("t")]
    table.track(a, "ada", { n: 1 }, false)
    table.track(b, "bob", { n: 2 }, false)
    const state = structuredClone(table.list("t"))
    table.update(a, "ada", { n: 3 })
    table.untrack(b)
    table.flush()
    expect(names(state)).toEqual({ ada: [1], bob: [2] })
    const [diff] = told.map(({ payload }) => payload as PresenceDiff)
    expect(names(Presence.syncDiff(state, diff as PresenceDiff))).toEqual({ ada: [3] })
    table.track(b, "bob", { n: 4 }, false)
    table.untrack(b)
    table.flush()
    expect(told).toHaveLength(1)
  })

  it("tells a channel that is greeted late of whoever goes in the turn in which it is greeted", () => {
    let now = 0
    const turns = new Turns(runtimeAt(() => now))
    table = new PresenceTable({
      turns,
      atEndOfTurn: nodeRuntime.atEndOfTurn,
      publish: (topic, event, payload) => void told.push({ topic, event, payload: structuredClone(payload) }),
      share: undefined,
      failed: () => {},
    })
    const [a, late] = [tracker("t"), tracker("t")]
    // The time of this turn is used up before the greeting.
    turns.isSpent()
    now += 10
    table.track(late, "late", { n: 1 }, true)
    table.flush()
    expect(late.pushed).toEqual([])
    table.track(a, "ada", { n: 2 }, false)
    now -= 10
    table.work()
    table.untrack(a)
    table.flush()
    const [[, state]] = late.pushed as [[string, PresenceState]]
    const diff = told.at(-1)?.payload as PresenceDiff
    expect(names(state)).toEqual({ late: [1], ada: [2] })
    expect(names(Presence.syncDiff(state, diff))).toEqual({ late: [1] })
  })

  it("keeps a presence of another node that is told of again", () => {
    const record = { ref: "ref-1", key: "ada", meta: { n: 1, phx_ref: "ref-1" } }
    table.change("t", { joins: [record], leaves: [] })
    table.flush()
    table.change("t", { joins: [record], leaves: [] })
    table.flush()
    table.change("t", { joins: [], leaves: ["ref-1"] })
    table.change("t", { joins: [record], leaves: [] })
    table.flush()
    const client = told
      .map(({ payload }) => payload as PresenceDiff)
      .reduce((state, diff) => Presence.syncDiff(state, diff), {} as PresenceState)
    expect(names(client)).toEqual({ ada: [1] })
    expect(names(table.list("t"))).toEqual({ ada: [1] })
    table.change("t", { joins: [], leaves: ["ref-1"] })
    table.flush()
    expect(diffs().at(-1)).toEqual({ joins: {}, leaves: { ada: [1] } })
  })

  it("links an update to the meta before it", () => {
    const a = tracker("t")
    table.track(a, "ada", { n: 1 }, false)
    table.flush()
    table.update(a, "ada", (meta: { n: number }) => ({ n: meta.n + 1 }))
    table.flush()
    const [first, second] = told.map(({ payload }) => payload as PresenceDiff)
    const [before, after] = [first?.joins["ada"]?.metas[0], second?.joins["ada"]?.metas[0]]
    expect(after).toEqual({ n: 2, phx_ref: expect.stringMatching(/^[\w-]{16}$/), phx_ref_prev: before?.phx_ref })
    expect(second?.leaves["ada"]?.metas).toEqual([before])
  })

  it("keeps the oldest meta first, and the place of one that is updated", () => {
    const [a, b] = [tracker("t"), tracker("t")]
    table.track(a, "ada", { n: 1 }, false)
    table.track(b, "ada", { n: 2 }, false)
    table.update(a, "ada", { n: 3 })
    expect(names(table.list("t"))).toEqual({ ada: [3, 2] })
  })

  it("greets a channel once, behind the diff of its own join", () => {
    const a = tracker("t")
    table.track(a, "ada", { n: 1 }, true)
    table.flush()
    table.track(a, "ada2", { n: 2 }, true)
    table.flush()
    expect(told).toHaveLength(2)
    expect(a.pushed).toEqual([["presence_state", { ada: { metas: [expect.objectContaining({ n: 1 })] } }]])
  })

  it("greets a crowd in several turns of the event loop, each channel once", async () => {
    let now = 0
    const turns = new Turns(runtimeAt(() => now))
    const { atEndOfTurn } = nodeRuntime
    table = new PresenceTable({ turns, atEndOfTurn, publish: () => {}, share: undefined, failed: () => {} })
    const crowd = Array.from({ length: 20 }, () => {
      const channel = tracker("t")
      // A state of this room takes a millisecond to encode.
      return { ...channel, push: (event: string, payload: unknown) => (now++, channel.push(event, payload)) }
    })
    for (const [n, channel] of crowd.entries()) table.track(channel, `user${n}`, { n }, true)
    table.flush()
    const greeted = (): number => crowd.filter(({ pushed }) => pushed.length > 0).length
    expect(greeted()).toBeLessThan(10)
    const gone = crowd.at(-1) as (typeof crowd)[number]
    table.untrack(gone)
    const seen: number[] = []
    while (turns.waiting > 0) {
      seen.push(greeted())
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(new Set(seen).size).toBeGreaterThan(2)
    expect(crowd.map(({ pushed }) => pushed.length)).toEqual([...Array<number>(19).fill(1), 0])
  })

  it("takes any key for a key", () => {
    const a = tracker("t")
    table.track(a, "__proto__", { n: 1 }, false)
    table.track(a, "constructor", { n: 2 }, false)
    expect(Object.keys(table.list("t"))).toEqual(["__proto__", "constructor"])
    table.untrack(a, "__proto__")
    expect(Object.keys(table.list("t"))).toEqual(["constructor"])
  })

  it("refuses to track twice, to update nobody, and metas that are no objects", () => {
    const a = tracker("t")
    expect(() => table.update(a, "ada", {})).toThrow(expect.objectContaining({ code: "not_tracked" }))
    table.track(a, "ada", {}, false)
    expect(() => table.track(a, "ada", {}, false)).toThrow(expect.objectContaining({ code: "already_tracked" }))
    expect(() => table.track(a, "bob", "meta", false)).toThrow(expect.objectContaining({ code: "bad_option" }))
  })

  it("forgets a topic that everybody left", () => {
    const a = tracker("t")
    table.track(a, "ada", {}, false)
    table.flush()
    table.untrack(a)
    table.flush()
    expect(table.list("t")).toEqual({})
    expect(table.size).toBe(0)
  })
})

describe("a presence", () => {
  const stage = stages()

  it("leaves when its socket drops, and a thousand that drop at once are one diff", async () => {
    const { connect, endpoint } = await stage({ connect: ({ params }) => ({ id: String(params["user"]) }) }, (made) =>
      made.channel("room:*", { joined: (room) => room.track(room.socket.id ?? "", {}) }),
    )
    const [a, b, c] = [
      await connect({ query: { user: "a" } }),
      await connect({ query: { user: "gone" } }),
      await connect({ query: { user: "gone" } }),
    ]
    for (const client of [a, b, c]) {
      await client.join("room:1")
      await client.take(2)
    }
    await a.take(2)
    endpoint.disconnect("gone")
    expect(answer(await a.next())).toEqual({
      joins: {},
      leaves: { gone: { metas: [{ phx_ref: expect.any(String) }, { phx_ref: expect.any(String) }] } },
    })
    expect(Object.keys(endpoint.presences("room:1"))).toEqual(["a"])
  })
})
