/** The unit of a number; decides how it is printed. */
export type Unit = "ns" | "a second" | "bytes" | "bytes of heap" | "commands"

/** One round of measuring: a number for each metric. */
export type Round = () => Promise<Record<string, number>> | Record<string, number>

/** A goal that the medians must reach. */
export interface Goal {
  readonly text: string
  readonly measured: number
  readonly bound: "at least" | "at most"
  readonly limit: number
  /** The unit of the numbers; left out for a ratio. */
  readonly unit?: Unit
}

/** The median of a metric, and an error where it was not measured. */
export type Medians = (subject: string, of: string, metric: string) => number

/**
 * A measurement. Every subject with every case has a process of its own, so that none pays for the garbage or the shapes
 * of another. The rounds of all of them take turns, so that a slow minute of the machine affects all of them.
 */
export interface Scenario {
  readonly name: string
  readonly title: string
  /** The subjects that are compared; the others are shown as multiples of the first. */
  readonly subjects: readonly string[]
  /** The heading of the table's first column. */
  readonly caseTitle: string
  readonly cases: readonly string[]
  readonly metrics: Readonly<Record<string, Unit>>
  /** How often fresh processes are started. */
  readonly launches: number
  /** Rounds in each process that are thrown away. */
  readonly warmUp: number
  /** Rounds in each process that count. */
  readonly rounds: number
  /** Runs in the process of one subject and one case, before its rounds. */
  prepare(subject: string, of: string): Promise<Round>
  goals?(median: Medians): Goal[]
}

/** Scenarios that are chosen, printed and written together. */
export interface Suite {
  readonly name: string
  readonly scenarios: readonly Scenario[]
}
