import os from "node:os"
import type { Measurement } from "./measure.js"
import type { Goal, Scenario, Unit } from "./scenario.js"

/** A goal and whether it was reached. */
export interface Verdict extends Goal {
  readonly ok: boolean
}

/** The machine on which the numbers were measured. */
export interface Machine {
  readonly node: string
  readonly v8: string
  readonly cpu: string
  readonly cores: number
  readonly memory: string
  readonly platform: string
}

export function machine(): Machine {
  const cpus = os.cpus()
  return {
    node: process.version,
    v8: process.versions.v8,
    cpu: cpus[0]?.model.trim() ?? "unknown",
    cores: cpus.length,
    memory: `${Math.round(os.totalmem() / 2 ** 30)} GiB`,
    platform: `${os.platform()} ${os.arch()}`,
  }
}

export function judge(goal: Goal): Verdict {
  return { ...goal, ok: goal.bound === "at least" ? goal.measured >= goal.limit : goal.measured <= goal.limit }
}

function digits(value: number): string {
  return value >= 1000 ? Math.round(value).toLocaleString("en-US") : String(Number(value.toPrecision(3)))
}

/** A number in a readable form. */
export function format(value: number, unit: Unit | undefined): string {
  if (unit === undefined) return `${digits(value)}x`
  if (unit === "a second") return `${digits(value)}/s`
  if (unit === "commands") return digits(value)
  if (unit !== "ns") return `${digits(value)} B`
  if (value < 1e3) return `${digits(value)} ns`
  if (value < 1e6) return `${digits(value / 1e3)} µs`
  return value < 1e9 ? `${digits(value / 1e6)} ms` : `${digits(value / 1e9)} s`
}

/** Rows of cells, the first two columns to the left. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0))) ?? []
  return rows
    .map((row) =>
      row.map((cell, i) => (i < 2 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join("  "),
    )
    .map((line) => `  ${line.trimEnd()}`)
    .join("\n")
}

/** The measurements of a scenario as a table: a row for a case and a metric, a column for a subject. */
export function table(scenario: Scenario, measurements: readonly Measurement[]): string {
  const rows = [
    [scenario.caseTitle, "", ...scenario.subjects.flatMap((subject, i) => (i === 0 ? [subject] : [subject, ""]))],
  ]
  for (const [metric, unit] of Object.entries(scenario.metrics)) {
    for (const of of scenario.cases) {
      const found = scenario.subjects.map((subject) =>
        measurements.find((m) => m.case === of && m.metric === metric && m.subject === subject),
      )
      if (found.every((measurement) => measurement === undefined)) continue
      const cells = found.flatMap((measurement, i) => {
        const cell = measurement === undefined ? "-" : format(measurement.median, unit)
        if (i === 0) return [cell]
        return [cell, measurement && found[0] ? format(measurement.median / found[0].median, undefined) : ""]
      })
      rows.push([of, metric, ...cells])
    }
  }
  const rounds = scenario.launches * scenario.rounds
  return `${scenario.title}\n${columns(rows)}\n  medians of ${rounds} rounds in ${scenario.launches} launches`
}

/** The goals as a table. */
export function verdictTable(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map(({ text, measured, bound, limit, unit, ok }) => [
    ok ? "ok" : "MISSED",
    text,
    format(measured, unit),
    `${bound} ${format(limit, unit)}`,
  ])
  return columns([["", "goal", "measured", ""], ...rows])
}
