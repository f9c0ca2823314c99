/** The result of one case in Autobahn's `index.json`. */
export interface AutobahnCase {
  /** `OK`, `NON-STRICT`, `INFORMATIONAL`, `UNIMPLEMENTED` or `FAILED`. */
  readonly behavior: string
  /** The same about the end of the connection; also `UNCLEAN` or `WRONG CODE`. */
  readonly behaviorClose: string
}

/** The cases of one agent, by their numbers, as `1.1.1`. */
export type AutobahnReport = Readonly<Record<string, AutobahnCase>>

const CHAPTERS: Readonly<Record<string, string>> = {
  1: "framing",
  2: "pings and pongs",
  3: "reserved bits",
  4: "opcodes",
  5: "fragmentation",
  6: "UTF-8",
  7: "close",
  9: "limits and speed",
  10: "miscellaneous",
  12: "deflate, kinds of payload",
  13: "deflate, kinds of offer",
}

const PASSED = new Set(["OK", "NON-STRICT", "INFORMATIONAL"])
const NAMES = ["chapter", "cases", "ok", "non-strict", "informational", "unimplemented", "failed"]

const count = (cases: readonly AutobahnCase[], behavior: string): string =>
  String(cases.filter((one) => one.behavior === behavior).length)

/** Whether a case passed, its end of the connection included. An end that is not clean fails by that alone. */
const passed = ({ behavior, behaviorClose }: AutobahnCase): boolean =>
  (PASSED.has(behavior) && PASSED.has(behaviorClose)) || behavior === "UNIMPLEMENTED"

/** The cases that failed, one line of text each. */
export const failuresOf = (report: AutobahnReport): string[] =>
  Object.entries(report)
    .filter(([, one]) => !passed(one))
    .map(([id, { behavior, behaviorClose }]) => `case ${id}: ${behavior}, close ${behaviorClose}`)

/** The outcomes as a table, one line for each chapter of the suite. */
export function tableOf(report: AutobahnReport): string {
  const chapters = new Map<string, AutobahnCase[]>()
  for (const [id, one] of Object.entries(report)) {
    const chapter = id.split(".")[0] as string
    chapters.set(chapter, [...(chapters.get(chapter) ?? []), one])
  }
  const lines = [...chapters]
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([chapter, cases]) => [
      `${chapter} ${CHAPTERS[chapter] ?? ""}`.trim(),
      String(cases.length),
      ...["OK", "NON-STRICT", "INFORMATIONAL", "UNIMPLEMENTED"].map((behavior) => count(cases, behavior)),
      String(cases.filter((one) => !passed(one)).length),
    ])
  const all = [NAMES, ...lines]
  const widths = NAMES.map((_, i) => Math.max(...all.map((line) => line[i]?.length ?? 0)))
  return all
    .map((line) =>
      line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join("  "),
    )
    .join("\n")
}
