import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { BEHAVIOURS } from "./behaviours.js"
import { makeProject, type ConformanceProject } from "./project.js"
import { ready, RUNTIMES, runIn } from "./runtimes.js"
import { COMBINATIONS } from "./stage.js"
import { failuresOf } from "./table.js"

let project: ConformanceProject
beforeAll(async () => {
  project = await makeProject()
})
afterAll(() => project.remove())

/** The user agent of each runtime, to check that it is the right one. */
const AGENTS: Record<string, RegExp> = {
  Chromium: /Chrome\/\d/,
  "Node 20": /^Node\.js\/v?20/,
  "Node 22": /^Node\.js\/22/,
  "Node 24": /^Node\.js\/24/,
  Bun: /^Bun\//,
  Deno: /^Deno\//,
  workerd: /^Cloudflare-Workers/,
}

describe("the packed package", () => {
  it.for(Object.keys(RUNTIMES))("does in %s what it does everywhere", async (name, { skip }) => {
    const runtime = await ready(name, RUNTIMES)
    if (typeof runtime === "string") {
      console.warn(runtime)
      return skip(runtime)
    }
    try {
      const report = await runIn(runtime, project)
      expect(report.agent).toMatch(AGENTS[name] as RegExp)
      expect(failuresOf({ runtime: name, ...report })).toEqual([])
      const seen = report.rows.map(({ way, serializer, outcomes }) => [way, serializer, ...Object.keys(outcomes)])
      expect(seen).toEqual(COMBINATIONS.map(({ way, serializer }) => [way, serializer, ...Object.keys(BEHAVIOURS)]))
    } finally {
      await runtime.close()
    }
  })
})
