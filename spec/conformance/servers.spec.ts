import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { makeProject, type ConformanceProject } from "./project.js"
import { ready } from "./runtimes.js"
import { SERVER_BEHAVIOURS } from "./servers/behaviours.js"
import { runServer, SERVERS } from "./servers/runtimes.js"
import { COMBINATIONS } from "./stage.js"
import { failuresOf } from "./table.js"

let project: ConformanceProject
beforeAll(async () => {
  project = await makeProject()
})
afterAll(() => project.remove())

/** The user agent of each runtime, to check that it is the right one. */
const AGENTS: Record<string, RegExp> = { Bun: /^Bun\//, Deno: /^Deno\//, workerd: /^Cloudflare-Workers/ }

const agentOf = (name: string): RegExp => AGENTS[name] ?? new RegExp(`^Node\\.js/v?${/\d+/.exec(name)?.[0] ?? "none"}`)

describe("a server of the packed package", () => {
  it.for(Object.keys(SERVERS))("does in %s what it does everywhere", async (name, { skip }) => {
    const start = await ready(name, SERVERS)
    if (typeof start === "string") {
      console.warn(start)
      return skip(start)
    }
    const report = await runServer(start, project)
    expect(report.agent).toMatch(agentOf(name))
    expect(failuresOf({ runtime: name, ...report })).toEqual([])
    const seen = report.rows.map(({ way, serializer, outcomes }) => [way, serializer, ...Object.keys(outcomes)])
    expect(seen).toEqual(
      COMBINATIONS.map(({ way, serializer }) => [way, serializer, ...Object.keys(SERVER_BEHAVIOURS)]),
    )
  })
})
