/** One kind of tries, their number, and their results. */
export interface Row {
  readonly tried: string
  readonly times: number
  /** The number of losses: results that should have arrived and did not. */
  readonly lost: number
  /** The number of inputs that came through and should not have, or of things that were left behind. */
  readonly gotIn: number
  /** Further observations: times, bytes, counts. */
  readonly seen: string
}

/** Options of a soak. */
export interface SoakOptions {
  /** The seed of all random choices. */
  readonly seed: number
  /** The number of tries, if it differs from the soak's own. */
  readonly count: number | undefined
  /** The engine that the nodes of a cluster share, if it differs from the soak's own. */
  readonly over?: string | undefined
}

/** A long trial. It throws at a failure, and otherwise returns its results. */
export interface Soak {
  readonly name: string
  readonly title: string
  run(options: SoakOptions): Promise<readonly Row[]>
}

const HEADS = ["tried", "times", "lost", "got in", "seen"] as const

/** The rows as a table of text. */
export function tableOf(rows: readonly Row[]): string {
  const cells = rows.map(({ tried, times, lost, gotIn, seen }) => [
    tried,
    ...[times, lost, gotIn].map((n) => n.toLocaleString("en-US")),
    seen,
  ])
  const all = [[...HEADS], ...cells]
  const widths = HEADS.map((_, i) => Math.max(...all.map((row) => row[i]?.length ?? 0)))
  const line = (row: readonly string[]): string =>
    row.map((cell, i) => (i > 0 && i < 4 ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0))).join("  ")
  return all.map((row) => `  ${line(row).trimEnd()}`).join("\n")
}
