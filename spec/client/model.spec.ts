import { describe, expect, it } from "vitest"
import { tryClient } from "../hostile/client/try-client.js"
import { chosenSeed } from "../hostile/random.js"

describe("a socket, its rooms and their pushes", () => {
  // `npm run soak -- model` does thousands.
  it("are what a model of them is, whatever happens in whatever order", { timeout: 60_000 }, async () => {
    const tried = await tryClient(400, chosenSeed())
    expect(tried.runs).toBe(400)
    expect(tried.pushes).toBeGreaterThan(400)
  })
})
