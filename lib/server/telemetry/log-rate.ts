import type { LogFields } from "../api/logger.js"
import { truncate } from "../support/truncate.js"
import { TokenBucket } from "../limits/token-bucket.js"

/** Lines of one kind a second in the long run, and at once. */
const LINES_PER_SECOND = 10
const LINES_AT_ONCE = 100

interface Kind {
  readonly bucket: TokenBucket
  leftOut: number
}

/** Clients name topics and events, as long as they like. */
export const truncateFields = ({ topic, event, ...rest }: LogFields): LogFields => ({
  ...rest,
  ...(topic !== undefined && { topic: truncate(topic) }),
  ...(event !== undefined && { event: truncate(event) }),
})

/**
 * How many lines of one kind are written: a client must not fill a disk with what is said of it. Those that are left out
 * are counted, and the next that is written says so.
 */
export class LogRate {
  readonly #kinds = new Map<string, Kind>()
  readonly #now: () => number

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** What to write, or `undefined` for nothing. */
  line(message: string): string | undefined {
    let kind = this.#kinds.get(message)
    if (kind === undefined) {
      kind = { bucket: new TokenBucket(LINES_PER_SECOND, LINES_AT_ONCE, this.#now), leftOut: 0 }
      this.#kinds.set(message, kind)
    }
    if (!kind.bucket.take()) {
      kind.leftOut++
      return undefined
    }
    const { leftOut } = kind
    kind.leftOut = 0
    return leftOut === 0 ? message : `${message} (and ${leftOut} lines like this were left out)`
  }
}
