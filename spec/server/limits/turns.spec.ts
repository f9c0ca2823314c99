import { describe, expect, it } from "vitest"
import { Turns, type Worker } from "../../../lib/server/limits/turns.js"
import { nodeRuntime } from "../../../lib/runtime/node/platform/node-runtime.js"
import { runtimeAt } from "../../support/runtime.js"

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Makes a worker with this many pieces of work, each of which advances the clock. */
function worker(name: string, pieces: number, clock: { now: number }, done: string[], ms = 1): Worker {
  let left = pieces
  return {
    work() {
      done.push(name)
      clock.now += ms
      return --left > 0
    },
  }
}

describe("turns", () => {
  it("are taken one after the other, until nobody has anything left", async () => {
    const clock = { now: 0 }
    const done: string[] = []
    const turns = new Turns(runtimeAt(() => clock.now))
    turns.add(worker("a", 3, clock, done))
    turns.add(worker("b", 1, clock, done))
    turns.add(worker("c", 2, clock, done))
    for (let i = 0; i < 3; i++) await turn()
    expect(done.join("")).toBe("abcaca")
    expect(turns.waiting).toBe(0)
  })

  it("end for this turn of the event loop after a few milliseconds, and go on where they ended", async () => {
    const clock = { now: 0 }
    const done: string[] = []
    const turns = new Turns(runtimeAt(() => clock.now))
    for (const name of ["a", "b", "c", "d"]) turns.add(worker(name, 2, clock, done, 2))
    await turn()
    expect(done.join("")).toBe("ab")
    for (let i = 0; i < 3; i++) await turn()
    expect(done.join("")).toBe("abcdabcd")
  })

  it("are for large pieces once enough of them was read in a turn of the event loop", async () => {
    const turns = new Turns(nodeRuntime)
    const full = (): boolean[] => [65_536, 65_536, 65_536].map((bytes) => turns.isFull(bytes))
    expect(full()).toEqual([false, false, true])
    expect(turns.isFull(5000)).toBe(true)
    await turn()
    expect(full()).toEqual([false, false, true])
  })

  it("let a few paused clients send again in a turn of the event loop, in their order", async () => {
    const done: string[] = []
    const turns = new Turns(nodeRuntime)
    const readers = ["a", "b", "c", "d", "e"].map((name) => ({ readAgain: () => void done.push(name) }))
    for (const reader of readers) turns.readLater(reader)
    turns.remove(readers[2] as (typeof readers)[number])
    await turn()
    expect(done.join("")).toBe("ab")
    await turn()
    expect(done.join("")).toBe("abde")
  })

  it("leave out who has gone", async () => {
    const clock = { now: 0 }
    const done: string[] = []
    const turns = new Turns(runtimeAt(() => clock.now))
    const gone = worker("gone", 2, clock, done)
    turns.add(gone)
    turns.add(worker("a", 1, clock, done))
    turns.remove(gone)
    await turn()
    expect(done).toEqual(["a"])
  })
})
