import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { BEFORE, bundle } from "./harness/bundle.js"
import { measure, mediansOf } from "./harness/measure.js"
import { comparedWithBefore, judge, machine, table, verdictTable, type Verdict } from "./harness/report.js"
import type { Scenario, Suite } from "./harness/scenario.js"
import { suites } from "./suites.js"

const { values: options, positionals: chosen } = parseArgs({
  allowPositionals: true,
  options: {
    check: { type: "boolean", default: false },
    against: { type: "string" },
    only: { type: "string", multiple: true },
    node: { type: "string", multiple: true, default: [] },
  },
})

const root = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url))
const version = (path: string): string => (JSON.parse(readFileSync(root(path), "utf8")) as { version: string }).version

// Four digits: the others were never the same twice.
const rounded = (_: string, value: unknown): unknown =>
  typeof value === "number" ? Number(value.toPrecision(4)) : value

/** Puts the other tree beside this one wherever this one is measured. */
const withBefore = (scenario: Scenario): Scenario =>
  options.against === undefined || !scenario.subjects.includes("rookery")
    ? scenario
    : { ...scenario, subjects: ["rookery", BEFORE, ...scenario.subjects.filter((subject) => subject !== "rookery")] }

async function run({ name, scenarios }: Suite): Promise<Verdict[]> {
  const verdicts: Verdict[] = []
  const results: object[] = []
  for (const scenario of scenarios) {
    if (!isChosen(scenario)) continue
    const measurements = await measure(name, withBefore(scenario), options.node)
    console.log(`\n${table(withBefore(scenario), measurements)}`)
    verdicts.push(...(scenario.goals?.(mediansOf(measurements)) ?? []).map(judge))
    if (options.against !== undefined) verdicts.push(...comparedWithBefore(scenario, measurements).map(judge))
    const { title, launches, warmUp, rounds, metrics } = scenario
    results.push({ scenario: scenario.name, title, metrics, launches, warmUp, rounds, measurements })
  }
  if (verdicts.length > 0) console.log(`\n${verdictTable(verdicts)}`)
  // A run of a part, with flags of its own or with another tree leaves the published figures alone.
  if (options.only !== undefined || options.node.length > 0 || options.against !== undefined) return verdicts

  const report = {
    date: new Date().toISOString(),
    command: ["npm run bench --", name, ...(options.check ? ["--check"] : [])].join(" "),
    machine: machine(),
    versions: {
      rookery: version("package.json"),
      phoenix: version("node_modules/phoenix/package.json"),
      msgpackr: version("node_modules/msgpackr/package.json"),
      ws: version("node_modules/ws/package.json"),
      "socket.io": version("node_modules/socket.io/package.json"),
      "@socket.io/redis-adapter": version("node_modules/@socket.io/redis-adapter/package.json"),
      "@socket.io/redis-streams-adapter": version("node_modules/@socket.io/redis-streams-adapter/package.json"),
      redis: version("node_modules/redis/package.json"),
    },
    goals: verdicts,
    results,
  }
  mkdirSync(root("bench/results"), { recursive: true })
  writeFileSync(root(`bench/results/${name}.json`), `${JSON.stringify(report, rounded, 2)}\n`)
  console.log(`\nwritten to bench/results/${name}.json`)
  return verdicts
}

const unknown = chosen.find((name) => !suites.some((suite) => suite.name === name))
if (unknown !== undefined)
  throw new Error(`no benchmark ${unknown}; there are ${suites.map(({ name }) => name).join(", ")}`)

const chosenSuites = suites.filter(({ name }) => chosen.length === 0 || chosen.includes(name))
const isChosen = ({ name }: Scenario): boolean => options.only === undefined || options.only.includes(name)
if (
  options.against !== undefined &&
  !chosenSuites.some(({ scenarios }) => scenarios.some((each) => isChosen(each) && each.subjects.includes("rookery")))
) {
  throw new Error("--against has nothing to compare: no scenario that was chosen has the subject rookery")
}

const { node, cpu, cores } = machine()
console.log(`node ${node}, ${cpu}, ${cores} cores`)
await bundle(options.node.length === 0, options.against)
const verdicts: Verdict[] = []
for (const suite of chosenSuites) verdicts.push(...(await run(suite)))
if (options.check && verdicts.some(({ ok }) => !ok)) process.exitCode = 1
