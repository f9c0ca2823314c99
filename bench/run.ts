import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { BEFORE, bundle } from "./harness/bundle.js"
import { compareTrees, comparisonTable, type Comparison } from "./harness/compare.js"
import { measure, mediansOf } from "./harness/measure.js"
import { judge, machine, table, verdictTable, type Verdict } from "./harness/report.js"
import type { Scenario, Suite } from "./harness/scenario.js"
import { suites } from "./suites.js"

const { values: options, positionals: chosen } = parseArgs({
  allowPositionals: true,
  options: {
    check: { type: "boolean", default: false },
    against: { type: "string" },
    launches: { type: "string" },
    only: { type: "string", multiple: true },
    node: { type: "string", multiple: true, default: [] },
  },
})

const root = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url))
const version = (path: string): string => (JSON.parse(readFileSync(root(path), "utf8")) as { version: string }).version

// Four digits: the others were never the same twice.
const rounded = (_: string, value: unknown): unknown =>
  typeof value === "number" ? Number(value.toPrecision(4)) : value

/** Two processes of one tree differ more than two trees do; this many of each tell the trees apart. */
const LAUNCHES_TO_COMPARE = 12

/** A part, flags of its own and another tree leave the published figures alone. */
const isPublished = ["only", "against", "launches"].every((name) => !(name in options)) && options.node.length === 0

/** Only the two trees, without what they are compared with in other runs: so there is time for more launches. */
function asAsked(scenario: Scenario): Scenario {
  const { against, launches = against === undefined ? scenario.launches : LAUNCHES_TO_COMPARE } = options
  const subjects = against === undefined ? scenario.subjects : ["rookery", BEFORE]
  return { ...scenario, subjects, launches: Number(launches) }
}

/** Whether no goal was missed. */
async function run({ name, scenarios }: Suite): Promise<boolean> {
  const verdicts: Verdict[] = []
  const comparisons: Comparison[] = []
  const results: object[] = []
  for (const scenario of scenarios.filter(isChosen).map(asAsked)) {
    const measurements = await measure(name, scenario, options.node)
    console.log(`\n${table(scenario, measurements)}`)
    if (options.against === undefined) verdicts.push(...(scenario.goals?.(mediansOf(measurements)) ?? []).map(judge))
    else {
      const compared = compareTrees(scenario, measurements)
      console.log(`\n${comparisonTable(compared, scenario.launches)}`)
      comparisons.push(...compared)
    }
    const { title, launches, warmUp, rounds, metrics } = scenario
    results.push({ scenario: scenario.name, title, metrics, launches, warmUp, rounds, measurements })
  }
  if (verdicts.length > 0) console.log(`\n${verdictTable(verdicts)}`)
  const isGood = verdicts.every(({ ok }) => ok) && comparisons.every(({ verdict }) => verdict !== "worse")
  if (!isPublished) return isGood

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
  return isGood
}

if (options.launches !== undefined && !(Number(options.launches) >= 1)) {
  throw new Error(`--launches ${options.launches}: give a number, 1 or more`)
}
const unknown = chosen.find((name) => !suites.some((suite) => suite.name === name))
if (unknown !== undefined)
  throw new Error(`no benchmark ${unknown}; there are ${suites.map(({ name }) => name).join(", ")}`)

const chosenSuites = suites.filter(({ name }) => chosen.length === 0 || chosen.includes(name))
const isChosen = ({ name, subjects }: Scenario): boolean =>
  (options.only === undefined || options.only.includes(name)) &&
  (options.against === undefined || subjects.includes("rookery"))
if (options.against !== undefined && !chosenSuites.some(({ scenarios }) => scenarios.some(isChosen))) {
  throw new Error("--against has nothing to compare: no scenario that was chosen has the subject rookery")
}

const { node, cpu, cores } = machine()
console.log(`node ${node}, ${cpu}, ${cores} cores`)
await bundle(options.node.length === 0, options.against)
for (const suite of chosenSuites) {
  if (!(await run(suite)) && options.check) process.exitCode = 1
}
