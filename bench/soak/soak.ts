/** What was tried, how often, and what came of it. */
export interface Row {
  readonly tried: string
  readonly times: number
  /** What should have arrived and did not. */
  readonly lost: number
  /** What should have stayed out and did not, or is left behind. */
  readonly gotIn: number
  /** What else was seen: times, bytes, counts. */
  readonly seen: string
}

/** What a soak is given. */
export interface SoakOptions {
  /** All chance follows from it. */
  readonly seed: number
  /** How often, if not as often as the soak itself says. */
  readonly count: number | undefined
}

/** A long trial. It throws where something fell, and otherwise tells what it did. */
export interface Soak {
  readonly name: string
  readonly title: string
  run(options: SoakOptions): Promise<readonly Row[]>
}

const HEADS = ["tried", "times", "lost", "got in", "seen"] as const

/** Rows as people read them. */
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
