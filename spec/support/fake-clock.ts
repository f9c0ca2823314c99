import type { Clock } from "../../lib/protocol/clock.js"

interface Timer {
  at: number
  callback: () => void
}

/** A clock that the test moves. */
export class FakeClock implements Clock {
  #now = 0
  #timers: Timer[] = []

  now(): number {
    return this.#now
  }

  setTimeout(callback: () => void, ms: number): unknown {
    const timer = { at: this.#now + ms, callback }
    this.#timers.push(timer)
    return timer
  }

  clearTimeout(timer: unknown): void {
    this.#timers = this.#timers.filter((other) => other !== timer)
  }

  /** The number of timers that wait. */
  get pending(): number {
    return this.#timers.length
  }

  /** When the next timer is due; `Infinity` if none waits. */
  next(): number {
    return Math.min(Infinity, ...this.#timers.map(({ at }) => at))
  }

  /** Lets time pass while nothing runs, as on a laptop that sleeps; then all timers that were due fire, late. */
  sleep(ms: number): void {
    this.#now += ms
    const due = this.#timers.filter(({ at }) => at <= this.#now).toSorted((a, b) => a.at - b.at)
    for (const timer of due) {
      if (!this.#timers.includes(timer)) continue
      this.clearTimeout(timer)
      timer.callback()
    }
  }

  pass(ms: number): void {
    const end = this.#now + ms
    for (;;) {
      const [next] = this.#timers.toSorted((a, b) => a.at - b.at)
      if (next === undefined || next.at > end) break
      this.clearTimeout(next)
      this.#now = next.at
      next.callback()
    }
    this.#now = end
  }
}
