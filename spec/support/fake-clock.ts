import type { Clock } from "../../lib/protocol/clock.js"

interface Timer {
  at: number
  callback: () => void
}

/** Time that passes when the test says so. */
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

  /** How many timers wait. */
  get pending(): number {
    return this.#timers.length
  }

  /** When the next timer is due; `Infinity` if none waits. */
  next(): number {
    return Math.min(Infinity, ...this.#timers.map(({ at }) => at))
  }

  /** Time goes by while nothing runs, as in a laptop that sleeps: then everything that was due happens, late. */
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
