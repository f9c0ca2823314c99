import { afterEach, describe, expect, it } from "vitest"
import { Chance, chosenSeed } from "../random.js"
import { cycle, emptied, pushes, startServer, type Server } from "./connections.js"

// `npm run soak -- connections` makes 10,000 connections and a million pushes, and checks the memory too.
describe("an endpoint with many clients that come and go", () => {
  let server: Server | undefined
  afterEach(() => server?.close())

  it("holds nothing of clients that are gone, however they went", async () => {
    server = await startServer()
    const chance = new Chance(chosenSeed())
    let answered = 0
    for (let n = 0; n < 105; n++) answered += await cycle(server, n, chance)
    expect(answered).toBe(3 * 105)
    expect(await emptied(server)).toBe(true)
    expect(server.errors).toEqual([])
    const { rookery_sockets_connected_total: came, rookery_sockets_closed_total: went } = server.endpoint.counters()
    expect([came, went]).toEqual([105, 105])
  })

  it("answers every one of many pushes with its own answer", async () => {
    server = await startServer()
    expect(await pushes(server, 5000)).toBe(5000)
    expect(await emptied(server)).toBe(true)
  })
})
