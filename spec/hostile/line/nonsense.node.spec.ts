import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { Chance, chosenSeed } from "../random.js"
import { startBackend, type Backend } from "./backend.js"
import { emptied } from "./clients.js"
import { setTheDate, sleepThrough } from "./clocks.js"
import { someAtOnce } from "./cuts.js"
import { BAD_FRAMES, BAD_HANDSHAKES, CLOSES } from "./nonsense.js"
import { HARMS, pollThrough } from "./polls.js"
import { giveUpOn, meet } from "./try-nonsense.js"

const unhandled: unknown[] = []
const note = (error: unknown): number => unhandled.push(error)
let backend: Backend
const printed = ["log", "warn", "error"] as const

beforeEach(async () => {
  process.on("unhandledRejection", note)
  for (const name of printed) vi.spyOn(console, name)
  backend = await startBackend()
})
afterEach(async () => {
  process.off("unhandledRejection", note)
  vi.restoreAllMocks()
  await backend.close()
})

async function allEndsWell(): Promise<void> {
  expect(await emptied(backend)).toBe(true)
  expect([backend.wrongs, unhandled]).toEqual([[], []])
  for (const name of printed) expect(console[name]).not.toHaveBeenCalled()
}

describe("a server that talks nonsense", () => {
  it.each([
    ["instead of a handshake", BAD_HANDSHAKES],
    ["in a close, of every code and kind", CLOSES],
    ["in its frames", BAD_FRAMES],
  ])("is left for a good one, or understood: %s", async (_where, all) => {
    await someAtOnce(all, (nonsense) => meet(backend, nonsense), 8)
    await allEndsWell()
  })

  it("is given up, with the reason, where there is no other", async () => {
    const refused = BAD_HANDSHAKES.filter(({ comes }) => comes === "refused")
    await someAtOnce(refused, (nonsense) => giveUpOn(backend, nonsense), 8)
    await allEndsWell()
  })

  it("a server that sends nonsense over long-poll costs only a session", async () => {
    const chance = new Chance(chosenSeed())
    const some = Array.from({ length: 16 }, () => chance.of(HARMS))
    await someAtOnce(some, (harm) => pollThrough(backend, harm))
    await allEndsWell()
  })
})

describe("a clock that jumps", () => {
  it.each(["nothing", "cut", "silent"] as const)(
    "a clock that jumps by hours, as on a sleeping laptop, does not prevent a reconnect; the connection meanwhile: %s",
    async (meanwhile) => {
      await sleepThrough(backend, meanwhile, new Chance(chosenSeed()))
      await allEndsWell()
    },
  )

  it("a clock that jumps by days, forward and back, has no effect", async () => {
    await setTheDate(backend, new Chance(chosenSeed()))
    await allEndsWell()
  })
})
