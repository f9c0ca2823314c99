/** The summary of the rounds of one metric. */
export interface Summary {
  readonly median: number
  readonly min: number
  readonly max: number
  readonly rounds: number
}

/** The quantile: the value that a share (0 to 1) of the values does not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const value = sorted[Math.ceil(sorted.length * share) - 1]
  if (value === undefined) throw new Error("no values, no percentile")
  return value
}

/** The middle of some numbers, or the mean of the middle two. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const high = sorted[Math.floor(sorted.length / 2)]
  const low = sorted[Math.ceil(sorted.length / 2) - 1]
  if (high === undefined || low === undefined) throw new Error("no rounds, no median")
  return (low + high) / 2
}

export function summarize(values: readonly number[]): Summary {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values), rounds: values.length }
}

/**
 * The interval that contains the true median with a probability of at least 95 %, for any distribution: a value lies
 * above the true median as often as a coin shows heads. Fewer than six values are too few for that; the interval is then
 * their whole range.
 */
export function medianInterval(values: readonly number[]): readonly [low: number, high: number] {
  const sorted = values.toSorted((a, b) => a - b)
  const count = sorted.length
  let ways = 1
  let tail = 0.5 ** count
  let place = 0
  // `tail` is the chance that at most `place` of the values lie below the true median.
  while (tail <= 0.025) {
    place++
    ways *= (count - place + 1) / place
    tail += ways * 0.5 ** count
  }
  const at = Math.max(place - 1, 0)
  return [sorted[at] as number, sorted[count - 1 - at] as number]
}
