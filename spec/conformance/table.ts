import type { Report } from "./suite.js"

/** The results of the suite in one runtime. */
export interface Result extends Report {
  readonly runtime: string
}

const NAMES = ["runtime", "transport", "serializer"]

/** The results as a table, one row for each transport and serializer. */
export function tableOf(results: readonly Result[]): string {
  const behaviours = [...new Set(results.flatMap(({ rows }) => rows.flatMap((row) => Object.keys(row.outcomes))))]
  const lines = results.flatMap(({ runtime, rows }) =>
    rows.map(({ way, serializer, outcomes }) => [
      runtime,
      way,
      serializer,
      ...behaviours.map((name) => {
        const outcome = outcomes[name]
        return outcome === undefined ? "-" : outcome.why === undefined ? "ok" : "FAILS"
      }),
    ]),
  )
  const all = [[...NAMES, ...behaviours], ...lines]
  const widths = all[0]?.map((_, i) => Math.max(...all.map((line) => line[i]?.length ?? 0))) ?? []
  return all
    .map((line) =>
      line
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n")
}

/** The behaviours that do not hold, one line of text each. */
export function failuresOf({ runtime, rows }: Result): string[] {
  return rows.flatMap(({ way, serializer, outcomes }) =>
    Object.entries(outcomes).flatMap(([name, { why }]) =>
      why === undefined ? [] : [`${name} in ${runtime}, ${way}, ${serializer}: ${why}`],
    ),
  )
}
