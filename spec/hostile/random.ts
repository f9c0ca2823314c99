import { draw, seeded } from "../../bench/harness/random.js"

/** Reproducible random choices: all of them follow from the seed. */
export class Chance {
  readonly seed: number
  readonly random: () => number

  constructor(seed: number) {
    this.seed = seed
    this.random = seeded(seed)
  }

  /** A whole number from 0 up to, and without, the limit. */
  below(limit: number): number {
    return Math.floor(this.random() * limit)
  }

  /** Returns `true` with this likelihood. */
  happens(likelihood: number): boolean {
    return this.random() < likelihood
  }

  of<T>(from: readonly T[]): T {
    return draw(from, this.random)
  }

  /** A list with a random length up to the limit. */
  some<T>(limit: number, make: () => T): T[] {
    return Array.from({ length: this.below(limit + 1) }, make)
  }
}

/**
 * The seed of the specs: `SEED`, or always the same one, so that one commit has one outcome. `npm run soak` uses other
 * seeds.
 */
export const chosenSeed = (): number => Number(process.env["SEED"] ?? 1)
