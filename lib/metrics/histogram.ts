import type { Labels, Sample } from "./exposition.js"

/** How many observed values are no greater than each of some bounds. */
export class Histogram {
  readonly #bounds: readonly number[]
  /** The values between each bound and the one before it; the last count is that of values above all bounds. */
  readonly #counts: number[]
  #sum = 0

  /** @param bounds the upper bounds of the buckets, ascending; a bucket without an upper bound is added */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds
    this.#counts = [...bounds.map(() => 0), 0]
  }

  observe(value: number): void {
    const above = this.#bounds.findIndex((bound) => value <= bound)
    const at = above === -1 ? this.#bounds.length : above
    this.#counts[at] = (this.#counts[at] as number) + 1
    this.#sum += value
  }

  samples(labels?: Labels): Sample[] {
    let count = 0
    const buckets = this.#counts.map((those, at): Sample => {
      count += those
      const bound = this.#bounds[at]
      return {
        suffix: "_bucket",
        labels: { ...labels, le: bound === undefined ? "+Inf" : String(bound) },
        value: count,
      }
    })
    return [...buckets, { suffix: "_sum", labels, value: this.#sum }, { suffix: "_count", labels, value: count }]
  }
}
