import { Session } from "node:inspector"

interface Range {
  readonly startOffset: number
  readonly endOffset: number
  readonly count: number
}

/** A function's blocks, each within the one before it or behind it; a block that ran as often as the one around is left out. */
interface Ranges {
  readonly ranges: readonly Range[]
}

interface ScriptCoverage {
  readonly url: string
  readonly functions: readonly Ranges[]
}

/** How often a block ran, by powers of two: a loop that goes round thrice is another way than one that goes round once. */
const step = (count: number): number => Math.min(7, 32 - Math.clz32(count))

/**
 * What of the code ran, as V8 counts it, block by block. To be made before the code runs for the first time: what is
 * compiled by then is only counted by its functions.
 */
export class Coverage implements Disposable {
  readonly #session = new Session()
  readonly #seen = new Set<string>()
  /** Where the blocks of each function begin, as far as that was seen. */
  readonly #starts = new Map<string, Set<number>>()
  readonly #counts: (url: string) => boolean

  /** @param counts which scripts are looked at */
  constructor(counts: (url: string) => boolean) {
    this.#counts = counts
    this.#session.connect()
    this.#ask("Profiler.enable")
    this.#ask("Profiler.startPreciseCoverage", { callCount: true, detailed: true })
  }

  /** How many blocks ran so far, each counted once for every power of two. */
  get size(): number {
    return this.#seen.size
  }

  /** Forgets what ran since the last look. */
  skip(): void {
    this.#ask("Profiler.takePreciseCoverage")
  }

  /** How many ways were new since the last look; all of them are known from now on. */
  fresh(): number {
    const { result } = this.#ask("Profiler.takePreciseCoverage") as { result: readonly ScriptCoverage[] }
    const before = this.#seen.size
    for (const { url, functions } of result) {
      if (!this.#counts(url)) continue
      for (const { ranges } of functions) this.#note(url, ranges)
    }
    return this.#seen.size - before
  }

  [Symbol.dispose](): void {
    this.#session.disconnect()
  }

  #note(url: string, ranges: readonly Range[]): void {
    const of = `${url} ${ranges[0]?.startOffset}`
    let starts = this.#starts.get(of)
    if (starts === undefined) this.#starts.set(of, (starts = new Set()))
    for (const { startOffset } of ranges) starts.add(startOffset)
    for (const start of starts) {
      const block = ranges.findLast(({ startOffset, endOffset }) => startOffset <= start && start < endOffset)
      if (block !== undefined && block.count > 0) this.#seen.add(`${of} ${start} ${step(block.count)}`)
    }
  }

  #ask(method: string, params?: object): unknown {
    let answer: unknown
    // It calls back before it returns.
    this.#session.post(method, params, (error: unknown, result: unknown) => {
      if (error !== null) throw new Error(`V8 does not count: ${JSON.stringify(error)}`)
      answer = result
    })
    return answer
  }
}
