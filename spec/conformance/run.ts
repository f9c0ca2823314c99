import buildIfStale from "../packaging/build.js"
import { makeProject, type ConformanceProject } from "./project.js"
import { ready, RUNTIMES, runIn } from "./runtimes.js"
import { runServer, SERVERS } from "./servers/runtimes.js"
import type { Report } from "./suite.js"
import { failuresOf, tableOf, type Result } from "./table.js"

/** One half of the suite. */
interface Half {
  readonly runtimes: Readonly<Record<string, unknown>>
  /** Runs it in one runtime; returns a text if this machine lacks the runtime. */
  run(name: string, project: ConformanceProject): Promise<Report | string>
}

const HALVES: Readonly<Record<string, Half>> = {
  clients: {
    runtimes: RUNTIMES,
    async run(name, project) {
      const runtime = await ready(name, RUNTIMES)
      if (typeof runtime === "string") return runtime
      try {
        return await runIn(runtime, project)
      } finally {
        await runtime.close()
      }
    },
  },
  servers: {
    runtimes: SERVERS,
    async run(name, project) {
      const start = await ready(name, SERVERS)
      return typeof start === "string" ? start : runServer(start, project)
    },
  },
}

/**
 * Prints the behaviours of the packed package's clients and servers in every runtime.
 * `npm run conformance -- servers Bun Deno` runs one half in some of them.
 */
buildIfStale()
const args = process.argv.slice(2)
const halves = Object.keys(HALVES).filter((half) => args.includes(half))
const wanted = args.filter((name) => !(name in HALVES))
const known = new Set(Object.values(HALVES).flatMap(({ runtimes }) => Object.keys(runtimes)))
const unknown = wanted.filter((name) => !known.has(name))
if (unknown.length) throw new Error(`there is no ${unknown.join()}; there are ${[...known].join(", ")}`)

const project = await makeProject()
const failures: string[] = []
try {
  for (const half of halves.length ? halves : Object.keys(HALVES)) {
    const { run, runtimes } = HALVES[half] as Half
    const results: Result[] = []
    for (const name of Object.keys(runtimes).filter((name) => wanted.length === 0 || wanted.includes(name))) {
      try {
        const report = await run(name, project)
        if (typeof report === "string") {
          console.warn(report)
          continue
        }
        const result = { runtime: name, ...report }
        results.push(result)
        failures.push(...failuresOf(result))
      } catch (error) {
        failures.push(`${name}, ${half}: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
    if (results.length) console.log(`\n${half}\n\n${tableOf(results)}\n`)
    for (const { runtime, agent } of results) console.log(`${runtime}: ${agent}`)
  }
} finally {
  project.remove()
}
console.log("\nOver long-poll a socket speaks JSON, whatever its serializer.")
for (const failure of failures) console.error(failure)
process.exitCode = failures.length ? 1 : 0
