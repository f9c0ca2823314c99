import type { LogFields } from "../api/logger.js"
import { truncate } from "../support/truncate.js"
import { TokenBucket } from "../limits/token-bucket.js"

/** The log lines of one kind that are written per second in the long run, and in one burst. */
const LINES_PER_SECOND = 10
const LINES_AT_ONCE = 100

interface Kind {
  readonly bucket: TokenBucket
  leftOut: number
}

/** Cuts topic and event, which clients may make as long as they like. */
export const truncateFields = ({ topic, event, ...rest }: LogFields): LogFields => ({
  ...rest,
  ...(topic !== undefined && { topic: truncate(topic) }),
  ...(event !== undefined && { event: truncate(event) }),
})

/**
 * Limits the log lines of one kind, so that a client cannot fill the disk by causing them. Log lines that are left out
 * are counted, and the next one that is written says how many.
 */
export class LogRate {
  readonly #kinds = new Map<string, Kind>()
  readonly #now: () => number

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** The log line to write, or `undefined` to leave it out. */
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
