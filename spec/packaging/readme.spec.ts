import { describe, expect, it } from "vitest"
import { bundle } from "./bundle.js"
import { firstCells, textOf } from "./examples.js"

const README = textOf("README.md")
const manifest = JSON.parse(textOf("package.json")) as {
  exports: Record<string, unknown>
  scripts: Record<string, string>
  version: string
}

describe("the README", () => {
  it("lists every entry point and no other", () => {
    const entries = Object.keys(manifest.exports).map((key) => key.replace(/^\./, "rookery"))
    expect(firstCells(textOf("docs/README.md"), "Entry points").sort()).toEqual(entries.sort())
  })

  it("names only scripts that there are", () => {
    const named = [...README.matchAll(/npm (?:run )?(start|test|(?<=run )[\w:-]+)/g)].map(([, script]) => script ?? "")
    expect(named).toContain("test")
    expect(named.filter((script) => !(script in manifest.scripts))).toEqual([])
  })

  it("names the command that tests a clean clone", () => {
    const commands = [...README.matchAll(/^(npm install && npm test)\b/gm)]
    expect(commands).toHaveLength(1)
    expect(textOf(".ci/run").replaceAll(" </dev/null", "")).toContain("\nnpm install && npm test")
  })

  it("is one screen", () => {
    expect(README.split("\n").length).toBeLessThanOrEqual(150)
  })

  it("names the file that npm pack writes, as long as it says to install that", () => {
    const named = [...README.matchAll(/rookery-[\d.]+\.tgz/g)].map(([name]) => name)
    expect(new Set(named)).toEqual(new Set([`rookery-${manifest.version}.tgz`]))
  })

  it.each(["README.md", "docs/COMPARED.md"])(
    "says in %s what the clients beside each other weigh, to half a kilobyte",
    async (document) => {
      const said = numbersOf(textOf(document), "the client, min+gzip")
      const programs = [
        'export { Socket } from "rookery"',
        'export { Socket } from "phoenix"',
        'export { RealtimeClient } from "@supabase/realtime-js"',
        'export { io } from "socket.io-client"',
      ]
      const weighed = await Promise.all(programs.map((program) => bundle(program)))
      expect(said).toHaveLength(programs.length)
      for (const [i, { gzipped }] of weighed.entries())
        expect(Math.abs(gzipped / 1000 - (said[i] ?? 0))).toBeLessThan(0.5)
    },
  )
})

interface Results {
  date: string
  machine: { node: string }
  results: {
    scenario: string
    measurements: { case: string; metric: string; subject: string; median: number }[]
  }[]
}

/** The numbers in the row of a table that begins with a cell. */
function numbersOf(markdown: string, cell: string): number[] {
  const row = markdown.split("\n").find((line) => line.startsWith(`| ${cell} `)) ?? ""
  const cells = row.slice(cell.length + 2).replaceAll(/\]\([^)]*\)/g, "")
  return [...cells.matchAll(/\d[\d,]*(?:\.\d+)?/g)].map(([number]) => Number(number.replaceAll(",", "")))
}

const resultsOf = (suite: string): Results => JSON.parse(textOf(`bench/results/${suite}.json`)) as Results

/** A median of a benchmark, in the unit of the table. */
function measured(
  suite: string,
  scenario: string,
  name: string,
  metric: string,
  subject: string,
  unit: number,
): number {
  const { measurements } = resultsOf(suite).results.find((result) => result.scenario === scenario) ?? {
    measurements: [],
  }
  const found = measurements.find((row) => row.case === name && row.metric === metric && row.subject === subject)
  return (found?.median ?? Number.NaN) / unit
}

describe("the numbers of speed and memory", () => {
  const [MICROSECOND, MILLISECOND, KILOBYTE] = [1e3, 1e6, 1e3]

  it.each([
    ["one message, in a client with 10,000 rooms", "client", "incoming", "10000", "message", MICROSECOND, "phoenix"],
    ["10,000 rooms join again after a cut, client", "client", "rooms", "10000", "rejoin", MILLISECOND, "phoenix"],
    ["answers a second, server with 100 in flight", "server", "echo", "100", "answers", 1, "socket.io"],
    ["memory of a connection, server", "server", "memory", "2000", "heap and buffers", KILOBYTE, "socket.io"],
  ] as const)("are those of bench/results: %s", (cell, suite, scenario, name, metric, unit, other) => {
    const said = numbersOf(README, cell)
    const were = ["rookery", other].map((subject) => measured(suite, scenario, name, metric, subject, unit))
    expect(said).toHaveLength(2)
    for (const [i, value] of were.entries()) expect(Math.abs((said[i] ?? 0) / value - 1)).toBeLessThan(0.02)
  })

  it("are those of bench/results in the comparison: the cost of a message", () => {
    const said = numbersOf(textOf("docs/COMPARED.md"), "cost of a message with 10,000 rooms, and with one")
    const were = ["rookery", "phoenix"].flatMap((subject) =>
      ["10000", "1"].map((name) => measured("client", "incoming", name, "message", subject, MICROSECOND)),
    )
    expect(said).toHaveLength(were.length)
    for (const [i, value] of were.entries()) expect(Math.abs((said[i] ?? 0) / value - 1)).toBeLessThan(0.02)
  })

  it("have the date, the version of Node and the command of the runs that measured them", () => {
    for (const suite of ["client", "server"]) {
      const { date, machine } = resultsOf(suite)
      expect(README).toContain(`Measured on ${date.slice(0, 10)} with Node ${machine.node.slice(1)}`)
      expect(README).toContain(`npm run bench -- ${suite}`)
    }
  })
})
