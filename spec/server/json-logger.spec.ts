import { describe, expect, it } from "vitest"
import { Endpoint, jsonLogger } from "rookery/server"

function entries() {
  const written: string[] = []
  const logger = jsonLogger({ write: (line) => written.push(line), now: () => 0 })
  return { logger, written, last: () => JSON.parse(written.at(-1) ?? "") as Record<string, unknown> }
}

describe("a logger of JSON", () => {
  it("writes one line of JSON for each entry, with its time, level and fields", () => {
    const { logger, written } = entries()
    logger("warn", "a client was refused", { topic: "room:\n1", address: undefined })
    expect(written).toEqual([
      '{"time":"1970-01-01T00:00:00.000Z","level":"warn","message":"a client was refused","topic":"room:\\n1"}',
    ])
  })

  it("writes an error with its name, message, code, stack and cause, which JSON leaves out", () => {
    const { logger, last } = entries()
    const error = Object.assign(new TypeError("no", { cause: new Error("why") }), { code: "E_NO" })
    logger("error", "a handler threw", { error })
    expect(last()["error"]).toMatchObject({ name: "TypeError", message: "no", code: "E_NO", cause: { message: "why" } })
    expect((last()["error"] as Error).stack).toContain("json-logger.spec.ts")
  })

  it("writes whatever an application throws", () => {
    const { logger, last } = entries()
    const circular: Record<string, unknown> = {}
    circular["self"] = circular
    for (const [error, text] of [
      [circular, "[object Object]"],
      [12n, "12"],
      ["text", "text"],
      [null, null],
    ]) {
      logger("error", "a handler threw", { error })
      expect(last()["error"]).toEqual(text)
    }
  })

  it("takes the log of an endpoint", async () => {
    const { logger, last } = entries()
    const endpoint = new Endpoint({ logger })
    endpoint.channel("room:*", {
      join: () => {
        throw new Error("broken")
      },
    })
    const line = await endpoint.connectInProcess({ params: { vsn: "2.0.0" }, frame: () => {}, closed: () => {} })
    line.send(JSON.stringify(["1", "1", "room:1", "phx_join", {}]))
    await expect.poll(() => last()).toMatchObject({ level: "error", topic: "room:1", error: { message: "broken" } })
    await endpoint.close({ deadlineMs: 0 })
  })
})
