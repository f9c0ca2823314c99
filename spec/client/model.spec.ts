import { describe, expect, it } from "vitest"
import { tryClient } from "../hostile/client/try-client.js"
import { tryHandlers } from "../hostile/client/try-handlers.js"
import { chosenSeed } from "../hostile/random.js"

describe("a socket, its rooms and their pushes", () => {
  // `npm run soak -- model` does thousands.
  it("are what a model of them is, whatever happens in whatever order", async () => {
    const tried = await tryClient(400, chosenSeed())
    expect(tried.runs).toBe(400)
    expect(tried.pushes).toBeGreaterThan(400)
  })

  it("break no rule where every handler of theirs does anything", async () => {
    const tried = await tryHandlers(200, chosenSeed())
    expect(tried.walks).toBe(200)
    expect(tried.acts).toBeGreaterThan(2000)
  })
})
