import { Session } from "node:inspector"

interface Range {
  readonly startOffset: number
  readonly endOffset: number
  readonly count: number
}

/**
 * A function's blocks, each within the one before it or behind it. V8 leaves out a block that ran as often as the one
 * around it.
 */
interface Ranges {
  readonly ranges: readonly Range[]
}

interface ScriptCoverage {
  readonly url: string
  readonly functions: readonly Ranges[]
}

/** How often a block ran, in powers of two: three rounds of a loop count as another way than one round. */
const step = (count: number): number => Math.min(7, 32 - Math.clz32(count))

/**
 * The code that ran, block by block, by V8's count. Make it before the code runs for the first time: code that is
 * compiled already is only counted by its functions.
 */
export class Coverage implements Disposable {
  readonly #session = new Session()
  readonly #seen = new Set<string>()
  /** The known starts of the blocks of each function. */
  readonly #starts = new Map<string, Set<number>>()
  readonly #counts: (url: string) => boolean

  /** @param counts whether a script is counted, by its URL */
  constructor(counts: (url: string) => boolean) {
    this.#counts = counts
    this.#session.connect()
    this.#ask("Profiler.enable")
    this.#ask("Profiler.startPreciseCoverage", { callCount: true, detailed: true })
  }

  /** The number of blocks that ran so far, each counted once for every power of two. */
  get size(): number {
    return this.#seen.size
  }

  /** Ignores the code that ran since the last look. */
  skip(): void {
    this.#ask("Profiler.takePreciseCoverage")
  }

  /** The number of new ways since the last look; they are known from now on. */
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
    // The session calls back before `post` returns.
    this.#session.post(method, params, (error: unknown, result: unknown) => {
      if (error !== null) throw new Error(`V8 does not count: ${JSON.stringify(error)}`)
      answer = result
    })
    return answer
  }
}
