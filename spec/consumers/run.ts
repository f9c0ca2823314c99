import buildIfStale from "../packaging/build.js"
import { Unavailable } from "../support/fetched.js"
import type { Consumer } from "./consumer.js"
import { CONSUMERS } from "./consumers.js"
import { Stage } from "./stage.js"

/** Prints the checks of the packed package in projects of every tool, or of the named ones. */
buildIfStale()
const wanted = process.argv.slice(2)
const names = CONSUMERS.map(({ name }) => name)
const unknown = wanted.filter((name) => !names.includes(name))
if (unknown.length) throw new Error(`there is no ${unknown.join()}; there are ${names.join(", ")}`)

const stage = new Stage()
const rows: string[][] = [["tool", "version", "what is shown", "", "seconds"]]
const failures: string[] = []

/** Runs one check, prints its outcome, and returns whether it succeeded. */
async function attempt({ name, version }: Consumer, what: string, show: () => Promise<void>): Promise<boolean> {
  const began = performance.now()
  const tell = (outcome: string): void => {
    rows.push([name, version(), what, outcome, ((performance.now() - began) / 1000).toFixed(1)])
  }
  try {
    await show()
    tell("ok")
    return true
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    if (error instanceof Unavailable && !process.env["CI"]) {
      console.warn(`${name}: ${what}: left out: ${why}`)
    } else {
      tell("FAILS")
      failures.push(`${name}: ${what}: ${why}`)
    }
    return false
  }
}

try {
  for (const consumer of CONSUMERS) {
    if (wanted.length && !wanted.includes(consumer.name)) continue
    for (const [i, [what, show]] of Object.entries(consumer.shows(stage)).entries()) {
      // The first check makes the project, so the others cannot run without it.
      if (!(await attempt(consumer, what, show)) && i === 0) break
    }
  }
} finally {
  await stage.close()
}
const widths = rows[0]?.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0))) ?? []
if (rows.length === 1) rows.pop()
for (const row of rows)
  console.log(
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join("  ")
      .trimEnd(),
  )
for (const failure of failures) console.error(`\n${failure}`)
process.exitCode = failures.length ? 1 : 0
