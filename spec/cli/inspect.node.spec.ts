import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import type { RequestListener } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it, onTestFinished, vi } from "vitest"
import { inspectedStages } from "../inspect/stage.js"
import { runCli, type CliRun } from "../support/cli.js"
import { gatewayLine } from "../support/gateway-line.js"
import { startServer } from "../support/http-server.js"
import { PATIENCE } from "../support/patience.js"

const stage = inspectedStages()

/** Serves on a free port, and gives the URL of an inspector there. */
async function serve(listener: RequestListener): Promise<string> {
  const server = await startServer(listener)
  onTestFinished(() => server[Symbol.asyncDispose]())
  return `http://127.0.0.1:${server.port}/inspect`
}

function inspect(...args: string[]): CliRun {
  const run = runCli(["inspect", ...args])
  onTestFinished(async () => {
    run.end("SIGINT")
    await run.code
  })
  return run
}

/** Waits until an inspector listens for a stream. */
const opened = (listeners: () => number): Promise<void> =>
  vi.waitFor(() => expect(listeners()).toBeGreaterThan(0), PATIENCE)

describe("rookery inspect", () => {
  it("prints the sockets and topics, then what passes", async () => {
    const { inspected, listeners, visit, read } = stage()
    const [room] = await visit({ id: "ada" }, "room:1")
    const { node } = await read<{ node: string }>("state")
    const run = inspect(await serve(inspected.listener), "--event", "shout")
    await run.stdout.line(/^topic/)
    await run.stdout.line(/^room:1 +1$/)
    expect(run.stdout.text).toContain(`node ${node}: 1 sockets, 1 channels, 1 topics, 0 presences, 0 limits hit\n`)
    expect(run.stdout.lines.some((line) => new RegExp(`^${node}-1 +ada +memory +room:1$`).test(line))).toBe(true)
    const [other] = await visit({ id: "bob" }, "room:2")
    await opened(listeners)
    await room?.push("shout", { text: "hi\u001b[2J" })
    const shouted = await run.stdout.line(/-> ada room:1 shout/)
    expect(shouted).toMatch(/^\d\d:\d\d:\d\d -> ada room:1 shout {"text":"hi\\u001b\[2J"}$/)
    await run.stdout.line(/=> \(1 recipients\) room:1 shout/)
    await other?.leave()
    await run.stdout.line(/-- bob left room:2 \(left\)/)
    run.end("SIGINT")
    expect(await run.code).toBe(130)
    expect(run.stderr.text).toBe("")
  })

  it("prints the clients of gateways, and what passes there", async () => {
    const { endpoint, inspected, listeners, read } = stage()
    endpoint.gateway("/ws", { connect: ({ params: { id } }) => ({ id: String(id) }) })
    const line = await gatewayLine(endpoint, "/ws", "id=ada")
    const { node } = await read<{ node: string }>("state")
    const run = inspect(await serve(inspected.listener), "--topic", "/ws")
    await run.stdout.line(/^client +id +address +gateway +since$/)
    await run.stdout.line(new RegExp(`^${node}-1 +ada +192\\.0\\.2\\.1 +/ws +\\d{4}-\\d\\d-\\d\\dT`))
    await opened(listeners)
    line.send("hi\u001b[2J")
    expect(await run.stdout.line(/-> ada/)).toMatch(/^\d\d:\d\d:\d\d -> ada \/ws "hi\\u001b\[2J"$/)
    line.close(1000)
    await run.stdout.line(/-- ada closed \/ws \(1000\)$/)
  })

  it("prints JSON for pipes, and ends after the tables if it is asked to", async () => {
    const { inspected, visit } = stage()
    await visit({ id: "ada" }, "room:1")
    await visit({ id: "bob" }, "room:2")
    const run = inspect(await serve(inspected.listener), "--once", "--json", "--search", "bob")
    expect(await run.code).toBe(0)
    const [state] = run.stdout.lines.map((line) => JSON.parse(line) as { kind: string; sockets: { id: string }[] })
    expect([state?.kind, state?.sockets.map(({ id }) => id)]).toEqual(["state", ["bob"]])
  })

  it("sends a header whose value is in a file", async () => {
    const { inspected } = stage({ allow: ({ headers }) => headers.get("authorization") === "Bearer good" })
    const url = await serve(inspected.listener)
    const folder = mkdtempSync(join(tmpdir(), "rookery-inspect-"))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    writeFileSync(join(folder, "token"), "Bearer good\n")
    expect(await inspect(url, "--once", "--header", `authorization: @${join(folder, "token")}`).code).toBe(0)
    const refused = inspect(url, "--once", "--header", "authorization: Bearer s3cr3t-t0ken")
    expect(await refused.code).toBe(1)
    expect(refused.stderr.text).toContain("answers 403: this is not for you")
    expect(refused.stderr.text).not.toContain("s3cr3t-t0ken")
  })

  it("opens the stream again if it breaks", async () => {
    const { inspected, listeners, visit } = stage()
    const run = inspect(await serve(inspected.listener))
    await opened(listeners)
    inspected.stop()
    await run.stderr.line(/trying again in 0.5 s/)
    await opened(listeners)
    await visit({ id: "ada" })
    await run.stdout.line(/-- ada connected/)
  })

  it("says so when there is no inspector", async () => {
    const nobody = inspect("http://127.0.0.1:1/inspect")
    expect(await nobody.code).toBe(2)
    expect(nobody.stderr.text).toMatch(/^rookery: cannot reach http:\/\/127\.0\.0\.1:1\/inspect: /)
    const other = inspect(await serve((_request, response) => response.writeHead(404).end("no")))
    expect(await other.code).toBe(1)
    expect(other.stderr.text).toMatch(/answers 404\n$/)
  })
})
