import { describe, expect, it } from "vitest"
import { Chance, chosenSeed } from "../random.js"
import { openBackend } from "./backend.js"
import { tryEdge } from "./try-edge.js"

const SEED = chosenSeed()
const SEQUENCES = 2000

describe("whatever clients send over HTTP and TLS, cut anywhere, half closed and reset", () => {
  it(`throws nothing, keeps no connection, and honest clients are served meanwhile (SEED=${SEED})`, async () => {
    await using backend = await openBackend()
    const { tried, thrown, left } = await tryEdge(backend, new Chance(SEED), SEQUENCES)
    expect(thrown).toEqual([])
    expect(left).toBe(0)
    expect(tried.reduce((sum, { times }) => sum + times, 0)).toBe(SEQUENCES)
  })
})
