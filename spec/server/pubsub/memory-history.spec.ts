import { MemoryHub } from "rookery/server"
import { describe, expect, it } from "vitest"
import { Deadlines, GRAIN_MS } from "../../../lib/server/support/deadlines.js"
import { MemoryHistories } from "../../../lib/server/pubsub/memory-history.js"
import { FakeClock } from "../../support/fake-clock.js"
import { message } from "../../support/seen-node.js"

const HISTORY = { size: 3, ttl: 60_000 }
const HOUR_MS = 3_600_000

describe("Histories in memory", () => {
  it("free the messages of a topic when their time is up, though nobody publishes or reads", () => {
    const clock = new FakeClock()
    const hub = new MemoryHub(clock)
    for (let i = 0; i < 100; i++) hub.append(`t${i}`, message("m"), HISTORY)
    expect(hub.kept).toMatchObject({ topics: 100, messages: 100 })
    clock.pass(HISTORY.ttl + GRAIN_MS)
    expect(hub.kept).toMatchObject({ topics: 100, messages: 0 })
    clock.pass(HOUR_MS)
    expect(hub.kept).toMatchObject({ topics: 0, messages: 0 })
    expect(clock.pending).toBe(0)
  })

  it("free old messages of a topic that is still published to, and keep the new ones", () => {
    const clock = new FakeClock()
    const hub = new MemoryHub(clock)
    hub.append("t", message("old"), HISTORY)
    clock.pass(HISTORY.ttl - 10_000)
    hub.append("t", message("new"), HISTORY)
    clock.pass(10_000 + GRAIN_MS)
    expect(hub.kept.messages).toBe(1)
    expect(hub.history("t", HISTORY, 1, 10)).toMatchObject({ newest: 2, complete: true, messages: [{ offset: 2 }] })
    clock.pass(HISTORY.ttl)
    expect(hub.kept.messages).toBe(0)
  })

  it("keep nothing for topics that are only read, whatever a client joins", () => {
    const hub = new MemoryHub(new FakeClock())
    for (let i = 0; i < 1000; i++) hub.history(`t${i}`, HISTORY, i % 2 === 0 ? undefined : 7, 10)
    expect(hub.kept).toEqual({ topics: 0, messages: 0, names: 0, claims: 0 })
  })

  it("number the first message of a topic within the epoch that an earlier reader was told", () => {
    const hub = new MemoryHub(new FakeClock())
    const { epoch } = hub.history("t", HISTORY, undefined, 10)
    expect(hub.append("t", message("first"), HISTORY)).toMatchObject({ epoch, offset: 1 })
    expect(hub.history("t", HISTORY, 0, 10)).toMatchObject({ epoch, complete: true, messages: [{ offset: 1 }] })
    expect(hub.history("t", HISTORY, 1, 10)).toMatchObject({ epoch, complete: true, messages: [] })
  })

  it("begin a new epoch for a topic that was forgotten, so that old offsets are told from new ones", () => {
    const clock = new FakeClock()
    const hub = new MemoryHub(clock)
    const { epoch } = hub.append("t", message("old"), HISTORY)
    clock.pass(HOUR_MS + GRAIN_MS)
    const now = hub.history("t", HISTORY, 1, 10)
    expect(now).toMatchObject({ newest: 0, complete: false })
    expect(now.epoch).not.toBe(epoch)
    expect(hub.append("t", message("new"), HISTORY)).toMatchObject({ epoch: now.epoch, offset: 1 })
  })

  it("keep the numberings of so many topics without messages, the newest of them", () => {
    const clock = new FakeClock()
    const histories = new MemoryHistories(clock, { numberings: 100, names: 100 })
    for (let i = 0; i < 110; i++) histories.append(`t${i}`, message("m"), { size: 1, ttl: 1 })
    expect(histories.kept).toMatchObject({ topics: 110, messages: 110 })
    clock.pass(2 * GRAIN_MS)
    expect(histories.kept).toMatchObject({ topics: 100, messages: 0 })
    expect(histories.read("t9", HISTORY, undefined, 1).newest).toBe(0)
    expect(histories.read("t10", HISTORY, undefined, 1).newest).toBe(1)
  })

  it("know the name of a message for five minutes, and refuse a new one rather than forget it sooner", () => {
    const clock = new FakeClock()
    const histories = new MemoryHistories(clock, { numberings: 100, names: 100 })
    const { epoch, offset } = histories.append("t", message("m"), HISTORY, "name")
    for (let i = 1; i < 100; i++) histories.append("other", message("m"), HISTORY, `name ${i}`)
    const refused = (): unknown => histories.append("other", message("m"), HISTORY, "one too many")
    expect(refused).toThrow(expect.objectContaining({ code: "buffer_full" }))
    expect(histories.append("other", message("m"), HISTORY).offset).toBe(100)
    clock.pass(299_000)
    expect(histories.append("t", message("again"), HISTORY, "name")).toEqual({ epoch, offset })
    clock.pass(2 * GRAIN_MS)
    expect(histories.kept.names).toBe(0)
  })
})

describe("Deadlines", () => {
  it("call back once for each key, within a second after its time, and wait by one timer", () => {
    const clock = new FakeClock()
    const due: [string, number][] = []
    const deadlines = new Deadlines<string>(clock, (key, now) => void due.push([key, now]))
    deadlines.set("late", 5000)
    deadlines.set("early", 1500)
    deadlines.set("moved", 1500)
    deadlines.set("moved", 4200)
    deadlines.set("gone", 1500)
    deadlines.delete("gone")
    deadlines.set("never", Infinity)
    expect([clock.pending, deadlines.size]).toEqual([1, 3])
    clock.pass(10_000)
    expect(due).toEqual([
      ["early", 2000],
      ["late", 5000],
      ["moved", 5000],
    ])
    expect([clock.pending, deadlines.size]).toEqual([0, 0])
  })

  it("call back again where that is asked for", () => {
    const clock = new FakeClock()
    const due: number[] = []
    const deadlines = new Deadlines<string>(clock, (_key, now) => (due.push(now) < 3 ? now : undefined))
    deadlines.set("key", 1000)
    clock.pass(10_000)
    expect(due).toEqual([1000, 2000, 3000])
  })

  it("catch up in one go after the process has slept", () => {
    const clock = new FakeClock()
    let due = 0
    const deadlines = new Deadlines<number>(clock, () => void due++)
    for (let i = 0; i < 1000; i++) deadlines.set(i, i * 1000)
    clock.sleep(2_000_000)
    expect([due, clock.pending]).toEqual([1000, 0])
  })
})
