import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Endpoint } from "rookery/server"
import type { AutobahnReport } from "./report.js"

const AGENT = "rookery"
// Chapter 9 sends messages of 16 MiB.
const LARGEST = 64 * 1024 * 1024

/** An endpoint with a gateway that echoes, with room for what the suite sends. */
async function echo(): Promise<{ endpoint: Endpoint; url: string }> {
  const endpoint = new Endpoint({
    logger: false,
    limits: {
      frameBytes: LARGEST,
      messageBytes: LARGEST,
      queuedBytes: LARGEST,
      heldBytes: 4 * LARGEST,
      framesPerSecond: Infinity,
      pushesPerSecond: Infinity,
    },
  })
  endpoint.gateway("/ws", { compress: true, onMessage: (data, client) => client.send(data) })
  const { port } = await endpoint.listen({ host: "127.0.0.1" })
  return { endpoint, url: `ws://127.0.0.1:${port}/ws` }
}

/**
 * Runs Autobahn's fuzzing client against an endpoint, and reads its report.
 *
 * @param wstest the path of Autobahn's command
 * @param cases which to run, as `["1.*", "7.1.1"]`
 */
export async function runAutobahn(wstest: string, cases: readonly string[] = ["*"]): Promise<AutobahnReport> {
  const folder = await mkdtemp(join(tmpdir(), "autobahn-"))
  const { endpoint, url } = await echo()
  try {
    const spec = join(folder, "spec.json")
    const servers = [{ agent: AGENT, url }]
    await writeFile(
      spec,
      JSON.stringify({ outdir: folder, servers, cases, "exclude-cases": [], "exclude-agent-cases": {} }),
    )
    const run = spawn(wstest, ["-m", "fuzzingclient", "-s", spec], { stdio: ["ignore", "inherit", "inherit"] })
    const [code] = (await once(run, "exit")) as [number | null]
    if (code !== 0) throw new Error(`${wstest} ended with ${code}`)
    const index = JSON.parse(await readFile(join(folder, "index.json"), "utf8")) as Record<string, AutobahnReport>
    const report = index[AGENT]
    if (report === undefined) throw new Error(`the report of ${wstest} has no agent ${AGENT}`)
    return report
  } finally {
    await endpoint.close({ deadlineMs: 0 })
    await rm(folder, { recursive: true })
  }
}
