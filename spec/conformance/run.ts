import buildIfStale from "../packaging/build.js"
import { makeProject } from "./project.js"
import { ready, RUNTIMES, runIn } from "./runtimes.js"
import { failuresOf, tableOf, type Result } from "./table.js"

/** Prints what the packed package does in every runtime, or in those that are named. */
buildIfStale()
const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !(name in RUNTIMES))
if (unknown.length) throw new Error(`there is no ${unknown.join()}; there are ${Object.keys(RUNTIMES).join(", ")}`)

const project = await makeProject()
const results: Result[] = []
const failures: string[] = []
try {
  for (const name of wanted.length ? wanted : Object.keys(RUNTIMES)) {
    const runtime = await ready(name)
    if (typeof runtime === "string") {
      console.warn(runtime)
      continue
    }
    try {
      const result = { runtime: name, ...(await runIn(runtime, project)) }
      results.push(result)
      failures.push(...failuresOf(result))
    } catch (error) {
      failures.push(`${name}: ${error instanceof Error ? error.message : String(error)}`)
    } finally {
      await runtime.close()
    }
  }
} finally {
  project.remove()
}
if (results.length)
  console.log(`\n${tableOf(results)}\n\nOver long-poll a socket speaks JSON, whatever its serializer.`)
for (const { runtime, agent } of results) console.log(`${runtime}: ${agent}`)
for (const failure of failures) console.error(failure)
process.exitCode = failures.length ? 1 : 0
