import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { Chance, chosenSeed } from "../random.js"
import { startBackend, type Backend } from "./backend.js"
import { cutClients, emptied, silentClients } from "./clients.js"
import { KINDS, tryCuts } from "./cuts.js"

// The command `npm run soak -- line` tries every byte.
const COUNT = { text: 24, binary: 12, "long-poll": 4 }

const unhandled: unknown[] = []
const note = (error: unknown): number => unhandled.push(error)
let backend: Backend

beforeEach(async () => {
  process.on("unhandledRejection", note)
  backend = await startBackend()
})
afterEach(async () => {
  process.off("unhandledRejection", note)
  await backend.close()
})

describe("a connection that is cut, ended, stalled, half-open or late at any byte", () => {
  it.each(["text", "binary", "long-poll"] as const)(
    "ends connected again, each push with an outcome, and no room joined twice: %s",
    async (manner) => {
      const count = COUNT[manner]
      const tried = await tryCuts(backend, manner, KINDS, { count, chance: new Chance(chosenSeed()) })
      // Faults that never happen test nothing. The number of connections of a long-poll client, and the bytes of each,
      // depend on the times of its answers, so some of the places are never reached.
      const missed = tried.reduce((all, each) => all + each.missed, 0)
      expect(missed).toBeLessThan((count * KINDS.length) / (manner === "long-poll" ? 1 : 2))
      for (const { kind, times, timers, outcomes } of tried) {
        expect([kind, times]).toEqual([kind, count])
        // The client has one timer each for the connection, the room, and every push.
        expect([kind, timers <= 8, (outcomes["ok"] ?? 0) >= count]).toEqual([kind, true, true])
      }
      expect(await emptied(backend)).toBe(true)
      expect([backend.wrongs, unhandled]).toEqual([[], []])
    },
  )

  it("leaves nothing behind at the endpoint", async () => {
    const gone = await cutClients(backend, { count: 60, chance: new Chance(chosenSeed()) })
    expect(gone.map(({ times }) => times)).toEqual([60, 60, 60, 60])
    expect(await emptied(backend)).toBe(true)
    const { rookery_sockets_connected_total: came, rookery_sockets_closed_total: went } = backend.endpoint.counters()
    expect([came > 60, came === went]).toEqual([true, true])
    expect([backend.wrongs, unhandled]).toEqual([[], []])
  })
})

it("the endpoint disconnects a client that falls silent at any byte", async () => {
  const impatient = await startBackend({ idleMs: 100, closeMs: 50 })
  try {
    const { times } = await silentClients(impatient, { count: 60, chance: new Chance(chosenSeed()) })
    expect(times).toBe(60)
    expect(await emptied(impatient)).toBe(true)
    expect([impatient.wrongs, unhandled]).toEqual([[], []])
  } finally {
    await impatient.close()
  }
})
