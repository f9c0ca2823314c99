import { isIP } from "node:net"

/** How much of something is let through. */
export interface RateLimit {
  /** At once. */
  readonly burst: number
  /** How long it takes until one more is let through, in milliseconds. */
  readonly everyMs: number
}

/** How many keys are known at most: whoever sends from many addresses must not fill the memory. */
const MAX_KEYS = 100_000

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

/** Lets so many through for each key, and says how long to wait otherwise. */
export class RateLimiter {
  readonly #limit: RateLimit
  readonly #now: () => number
  /** When each key is back at its full burst; the oldest first. */
  readonly #fullAt = new Map<string, number>()

  constructor(limit: RateLimit, now: () => number) {
    this.#limit = limit
    this.#now = now
  }

  /** The milliseconds until there is one to take, 0 if there is one now. */
  wait(key: string): number {
    const now = this.#now()
    return Math.max(0, this.#next(key, now) - (now + this.#limit.burst * this.#limit.everyMs))
  }

  /** Takes one; gives the milliseconds until there is one again, 0 if there was one. */
  take(key: string): number {
    const wait = this.wait(key)
    if (wait > 0) return wait
    const now = this.#now()
    const fullAt = this.#next(key, now)
    this.#fullAt.delete(key)
    this.#fullAt.set(key, fullAt)
    this.#forget(now)
    return 0
  }

  /** When a key is back at its full burst once one more was taken. */
  #next(key: string, now: number): number {
    return Math.max(this.#fullAt.get(key) ?? now, now) + this.#limit.everyMs
  }

  #forget(now: number): void {
    // Two at a time, which is more than come.
    let looks = 2
    for (const [key, fullAt] of this.#fullAt) {
      if ((fullAt > now && this.#fullAt.size <= MAX_KEYS) || looks-- === 0) return
      this.#fullAt.delete(key)
    }
  }
}
