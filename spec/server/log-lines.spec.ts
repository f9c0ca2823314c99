import { afterEach, describe, expect, it, vi } from "vitest"
import { consoleLogger, type LogFields, type LogLevel } from "rookery/server"
import { PATIENCE } from "../support/patience.js"
import { rawRequest, rawUpgrade } from "../support/raw-http.js"
import { stages } from "../support/stage.js"

const stage = stages()
afterEach(() => vi.restoreAllMocks())

/** Text that forges a line of the log, controls the terminal, and changes the direction of text. */
const FORGED = "a\n[rookery] all is well\r\n[rookery] \u001b[2J\u009b31m\u202e\u2028\u0007%s%o"

/** Collects the printed text of each call of the console. */
function printed(): string[] {
  const calls: string[] = []
  const take = (...args: unknown[]): void => void calls.push(args.length === 1 ? String(args[0]) : JSON.stringify(args))
  for (const level of ["log", "warn", "error"] as const) vi.spyOn(console, level).mockImplementation(take)
  return calls
}

function expectSound(calls: readonly string[]): void {
  for (const call of calls) {
    const [first, ...rest] = call.split("\n")
    expect(first).toMatch(/^\[rookery\] /)
    expect(rest.filter((line) => !line.startsWith("    "))).toEqual([])
    // eslint-disable-next-line no-control-regex
    expect(call.replaceAll("\n", "")).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e]/)
  }
}

describe("a line of the log", () => {
  it("is made by nobody else, whatever topics, events, errors and addresses a client sends", async () => {
    const calls = printed()
    const { connect, port } = await stage(
      { logger: consoleLogger, trustProxy: 1, limits: { connectionsPerAddress: 1 } },
      (made) =>
        made.channel("room:*", {
          receive: {
            throw: ({ text }) => {
              throw new Error(`no such thing: ${text}`, { cause: new Error(text) })
            },
          },
        }),
    )
    const address = "\u009b31mhere\u0085[rookery]"
    const client = await connect({ client: { headers: { "x-forwarded-for": address } } })
    for (const event of ["throw", FORGED]) {
      const topic = `room:${FORGED}${event.length}`
      client.send("1", "1", topic, "phx_join", {})
      client.send("1", "2", topic, event, { text: FORGED })
      expect((await client.take(2)).map((frame) => (frame as unknown[])[3])).toEqual(["phx_reply", "phx_error"])
    }
    const again = await rawUpgrade(port, "/socket/websocket?vsn=2.0.0", [["x-forwarded-for", address]])
    expect(again.status).toBe(429)
    await rawRequest(port, `GET /socket/longpoll?vsn=%0a[rookery]%20fine&token=%0d%0a`)
    expect(calls.some((call) => call.includes("no such thing"))).toBe(true)
    expect(calls.some((call) => call.includes("no handler takes"))).toBe(true)
    expect(calls.some((call) => call.includes("limit hit"))).toBe(true)
    expectSound(calls)
  })

  it("keeps the stack of an error, below its first line", () => {
    const calls = printed()
    consoleLogger("error", "channel threw", { error: new Error("boom"), topic: "room:1" })
    expect(calls[0]).toMatch(/^\[rookery\] channel threw topic="room:1" Error: boom\n {8}at .*log-lines\.spec/)
    expectSound(calls)
  })

  it("shows what is no error, too, and takes no text for a format", () => {
    const calls = printed()
    consoleLogger("error", "connect threw", { error: FORGED })
    consoleLogger("warn", "%s %o %c", { event: "%d", error: { token: FORGED } })
    expectSound(calls)
    expect(calls[1]).toContain('%s %o %c event="%d"')
  })
})

describe("a gateway that takes JSON", () => {
  it("says that what it was sent is none, and not what it was", async () => {
    const lines: [LogLevel, string, LogFields][] = []
    const seen: unknown[] = []
    const { endpoint, port } = await stage({ logger: (...line) => void lines.push(line) })
    const options = { json: true }
    endpoint.gateway("/logged", options)
    endpoint.gateway("/told", { ...options, onError: (error) => seen.push(error) })
    const { WebSocket } = await import("ws")
    for (const path of ["/logged", "/told"]) {
      const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`)
      await new Promise((resolve) => socket.once("open", resolve))
      for (const text of ["my-secret", '{"token":my-secret}', '{"token":"my-secret"', `${"[".repeat(1e5)}my-secret`]) {
        socket.send(text)
      }
      await vi.waitFor(() => expect(path === "/logged" ? lines : seen).toHaveLength(4), PATIENCE)
      socket.terminate()
    }
    const { inspect } = await import("node:util")
    const all = inspect([lines, seen], { depth: 20, maxStringLength: Infinity })
    expect(all).not.toContain("secret")
    expect(seen).toEqual(Array.from({ length: 4 }, () => expect.objectContaining({ code: "bad_frame" })))
  })
})
