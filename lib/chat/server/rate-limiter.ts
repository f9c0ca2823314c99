import { isIP } from "node:net"

/** How much of something is let through. */
export interface RateLimit {
  /** At once. */
  readonly burst: number
  /** How long it takes until one more is let through, in milliseconds. */
  readonly everyMs: number
}

/** How many keys are remembered in one generation: requests from many addresses must not fill the memory. */
const MAX_KEYS = 50_000

/** What addresses are counted by. Whoever has one of IPv6 has a whole network of them. */
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
 * Lets a bounded number through for each key, and says how long to wait otherwise. Keys are kept in two generations, and
 * the older one is dropped as a whole: removing single keys from the front of a `Map` leaves holes that V8 walks over at
 * each look.
 */
export class RateLimiter {
  readonly #limit: RateLimit
  readonly #now: () => number
  /** When each key is back at its full burst. */
  #young = new Map<string, number>()
  /** Keys that were not taken from since `#since`, unless they are young as well. */
  #old = new Map<string, number>()
  #since: number

  constructor(limit: RateLimit, now: () => number) {
    this.#limit = limit
    this.#now = now
    this.#since = now()
  }

  /** The milliseconds until there is one to take, 0 if there is one now. */
  wait(key: string): number {
    const now = this.#now()
    const { burst, everyMs } = this.#limit
    return Math.max(0, this.#fullAt(key, now) + everyMs - (now + burst * everyMs))
  }

  /** Takes one; gives the milliseconds until there is one again, 0 if there was one. */
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

  /** Drops the older generation once its keys are full again, or there are too many others. */
  #dropOld(now: number): void {
    const { burst, everyMs } = this.#limit
    if (now - this.#since < burst * everyMs && this.#young.size < MAX_KEYS) return
    this.#old = this.#young
    this.#young = new Map()
    this.#since = now
  }
}
