import buildIfStale from "../packaging/build.js"
import { Unavailable } from "../support/fetched.js"
import { CONSUMERS } from "./consumers.js"
import { Stage } from "./stage.js"

/** Prints what the packed package does in projects of every tool, or of those that are named. */
buildIfStale()
const wanted = process.argv.slice(2)
const names = CONSUMERS.map(({ name }) => name)
const unknown = wanted.filter((name) => !names.includes(name))
if (unknown.length) throw new Error(`there is no ${unknown.join()}; there are ${names.join(", ")}`)

const stage = new Stage()
const rows: string[][] = [["tool", "version", "what is shown", "", "seconds"]]
const failures: string[] = []
try {
  for (const { name, version, shows } of CONSUMERS) {
    if (wanted.length && !wanted.includes(name)) continue
    for (const [i, [what, show]] of Object.entries(shows(stage)).entries()) {
      const began = performance.now()
      try {
        await show()
        rows.push([name, version(), what, "ok", ((performance.now() - began) / 1000).toFixed(1)])
      } catch (error) {
        if (error instanceof Unavailable && !process.env["CI"]) {
          console.warn(`${name}: ${what}: left out: ${error.message}`)
          // Without the project there is nothing else.
          if (i === 0) break
          continue
        }
        rows.push([name, version(), what, "FAILS", ((performance.now() - began) / 1000).toFixed(1)])
        failures.push(`${name}: ${what}: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
  }
} finally {
  await stage.close()
}
const widths = rows[0]?.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0))) ?? []
for (const row of rows)
  console.log(
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join("  ")
      .trimEnd(),
  )
for (const failure of failures) console.error(`\n${failure}`)
process.exitCode = failures.length ? 1 : 0
