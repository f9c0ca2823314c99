import { BEFORE } from "./bundle.js"
import type { Measurement } from "./measure.js"
import { columns, format } from "./report.js"
import type { Scenario } from "./scenario.js"
import { median, medianInterval } from "./statistics.js"

/** How much worse a row of this tree may be than the same row of the other tree. */
const TOLERANCE = 1.03

/**
 * A row of this tree against the same row of the other tree, as a cost: 2 is twice as slow, or twice as much memory.
 *
 * Two processes of the very same code differ by 5 to 30 %, because each gets other memory. So a launch gives one ratio,
 * and a row is judged by the interval in which the median of all ratios lies.
 */
export interface Comparison {
  readonly row: string
  readonly ratio: number
  readonly low: number
  readonly high: number
  /** `worse` if the whole interval lies above the tolerance, `unsure` if only its upper end does. */
  readonly verdict: "ok" | "unsure" | "worse"
}

/** Compares each row of a scenario that was measured in both trees. */
export function compareTrees(scenario: Scenario, measurements: readonly Measurement[]): Comparison[] {
  return measurements
    .filter(({ subject }) => subject === "rookery")
    .flatMap(({ case: of, metric, launches }) => {
      const before = measurements.find((m) => m.subject === BEFORE && m.case === of && m.metric === metric)
      if (before === undefined) return []
      const isRate = scenario.metrics[metric] === "a second"
      const ratios = launches.map((value, i) => {
        const ratio = value / (before.launches[i] as number)
        return isRate ? 1 / ratio : ratio
      })
      const [low, high] = medianInterval(ratios)
      const verdict = low > TOLERANCE ? "worse" : high > TOLERANCE ? "unsure" : "ok"
      return [{ row: `${scenario.name}, ${of}: ${metric}`, ratio: median(ratios), low, high, verdict }]
    })
}

/** The comparisons as a table. */
export function comparisonTable(comparisons: readonly Comparison[], launches: number): string {
  const ratio = (value: number): string => format(value, undefined)
  const rows = comparisons.map(({ row, ratio: middle, low, high, verdict }) => [
    verdict,
    row,
    ratio(middle),
    `${ratio(low)} to ${ratio(high)}`,
  ])
  const certainty = launches < 6 ? "the range of" : "95 % certain from"
  return columns([["", "cost against the other tree", "median", `${certainty} ${launches} launches`], ...rows])
}
