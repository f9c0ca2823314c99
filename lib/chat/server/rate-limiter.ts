import { isIP } from "node:net"

/** A rate limit: a token bucket. */
export interface RateLimit {
  /** The number that is allowed at once. */
  readonly burst: number
  /** The milliseconds until one more is allowed. */
  readonly everyMs: number
}

/** The most keys of one generation: requests from many addresses must not fill the memory. */
const MAX_KEYS = 50_000

/** The key under which an address is counted. For IPv6 it is the /64 network, all of which one client may have. */
export function networkOf(address = ""): string {
  if (isIP(address) !== 6) return address
  const [head = "", tail] = address.split("%", 1)[0]?.split("::") ?? []
  const groups = (part = ""): string[] => (part === "" ? [] : part.split(":"))
  const known = tail === undefined ? 8 : groups(head).length + groups(tail).length
  const all = [...groups(head), ...Array<string>(Math.max(0, 8 - known)).fill("0"), ...groups(tail)]
  return `${all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":")}::/64`
}

/**
 * Limits the rate for each key, and returns the time to wait when the limit is reached. Keys are kept in two
 * generations, and the older one is dropped as a whole: removing single keys from the front of a `Map` leaves holes,
 * which V8 walks over at each iteration.
 */
export class RateLimiter {
  readonly #limit: RateLimit
  readonly #now: () => number
  /** The time at which each key has its full burst again. */
  #young = new Map<string, number>()
  /** Keys that were last used before `#since`, unless they are in `#young` as well. */
  #old = new Map<string, number>()
  #since: number

  constructor(limit: RateLimit, now: () => number) {
    this.#limit = limit
    this.#now = now
    this.#since = now()
  }

  /** The milliseconds until one more is allowed; 0 if it is allowed now. */
  wait(key: string): number {
    const now = this.#now()
    const { burst, everyMs } = this.#limit
    return Math.max(0, this.#fullAt(key, now) + everyMs - (now + burst * everyMs))
  }

  /** Takes one if allowed, and returns 0. Otherwise returns the milliseconds until one more is allowed. */
  take(key: string): number {
    const wait = this.wait(key)
    if (wait > 0) return wait
    const now = this.#now()
    this.#young.set(key, this.#fullAt(key, now) + this.#limit.everyMs)
    this.#dropOld(now)
    return 0
  }

  #fullAt(key: string, now: number): number {
    return Math.max(this.#young.get(key) ?? this.#old.get(key) ?? now, now)
  }

  /** Drops the older generation once its keys have their full burst again, or there are too many others. */
  #dropOld(now: number): void {
    const { burst, everyMs } = this.#limit
    if (now - this.#since < burst * everyMs && this.#young.size < MAX_KEYS) return
    this.#old = this.#young
    this.#young = new Map()
    this.#since = now
  }
}
