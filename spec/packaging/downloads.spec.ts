import { afterEach, describe, expect, it } from "vitest"
import { WebSocket } from "ws"
import { freePort } from "../support/free-port.js"
import { example, type Program } from "../support/program.js"

const running: Program[] = []
const started = (program: Program): Program => {
  running.push(program)
  return program
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((program) => program.kill()))
})

/** Speeds so slow that no download ends during a test, and so fast that each ends after a few progress events. */
const SLOW = 0.001
const FAST = 100

async function server(speed: number, given?: string): Promise<{ program: Program; port: string }> {
  const port = given ?? String(await freePort())
  const pace = ["--tick", "20", "--speed", String(speed)]
  const program = started(example("downloads/server.ts", "--host", "127.0.0.1", "--port", port, ...pace))
  await program.printed(/^Downloads at ws:\/\/127\.0\.0\.1:\d+\/ws/)
  return { program, port }
}

const client = (port: string): Program =>
  started(example("downloads/client.ts", "--url", `ws://127.0.0.1:${port}/ws`, "--delay", "50"))

describe("the example of downloads", () => {
  it("shows how they go on, and pauses and resumes them", async () => {
    const { port } = await server(SLOW)
    const program = client(port)
    await program.printed(/^Connected to /)
    await program.printed(/^#1 \d+\.\d % 4\.0 MB\/s$/)
    program.type("pause 1")
    const [, paused] = await program.printed(/^#1 (\d+\.\d) % paused$/)
    await program.printed(/^#2 \d+\.\d % 5\.0 MB\/s$/)
    program.type("resume 1")
    const [, resumed] = await program.printed(/^#1 (\d+\.\d) % 4\.0 MB\/s$/)
    expect(Number(resumed)).toBeGreaterThanOrEqual(Number(paused))
    program.type("pause 99")
    await program.printed(/^! there is no such download$/)
    program.type("quit")
    expect(await program.ended()).toBe(0)
  })

  it("tells how they end", async () => {
    const { port } = await server(FAST)
    const program = client(port)
    const [, saved] = await program.printed(/^#(\d+) 100\.0 % saved as \/downloads\/file-\d+\.iso$/)
    const [, failed] = await program.printed(/^#(\d+) .* failed: the other end hung up$/)
    expect([Number(saved) % 5 === 0, Number(failed) % 5 === 0]).toEqual([false, true])
  })

  it("says that the connection is lost when the server is killed, and goes on when it is back", async () => {
    const { program: first, port } = await server(SLOW)
    const program = client(port)
    await program.printed(/^#1 /)
    await first.kill("SIGKILL")
    await program.printed(/^Connection lost\. Trying again in 0\.05 s$/)
    await server(SLOW, port)
    await program.printed(/^Connected to /)
    const [progress] = await program.printed(/^#1 .*/)
    expect(progress).toContain("MB/s")
  })

  it("answers what makes no sense, and goes on", async () => {
    const { port } = await server(SLOW)
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`)
    const errors: unknown[] = []
    const done = new Promise<void>((resolve) => {
      socket.on("message", (data: Buffer) => {
        const message = JSON.parse(String(data)) as { type: string; error_message: string }
        if (message.type !== "error") return
        errors.push(message.error_message)
        if (errors.length === 3) resolve()
      })
    })
    await new Promise((resolve) => socket.once("open", resolve))
    for (const text of ["{", "null", '{"action":"pause_download","download_id":7}']) socket.send(text)
    await done
    socket.terminate()
    const hint = 'send {"action":"pause_download","download_id":"1"}'
    expect(errors).toEqual(["that is not JSON", hint, hint])
  })

  it("serves a page with nothing in it but its own", async () => {
    const { port } = await server(SLOW)
    const get = (path: string): Promise<Response> => fetch(`http://127.0.0.1:${port}${path}`)
    const page = await get("/")
    expect(page.headers.get("content-security-policy")).toContain("default-src 'none'")
    expect(await page.text()).toContain("/page.js")
    expect((await get("/rookery/index.js")).status).toBe(200)
    expect((await get("/rookery/..%2fpackage.json")).status).toBe(404)
    expect((await get("/__proto__")).status).toBe(404)
  })
})
