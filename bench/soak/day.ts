import { liveThrough } from "../../spec/hostile/long/day.js"
import { inMebibytes, usedBytes } from "./heap.js"
import type { Row, Soak } from "./soak.js"

const MOST_KEPT = 2 * 2 ** 20
const MOST_TIMERS = 60

/** A day of a socket's life in simulated time. */
export const day: Soak = {
  name: "day",
  title: "simulated hours of a socket and its endpoint: heartbeats, lost lines, silence, tokens that run out",
  async run({ seed, count = 24 }) {
    await liveThrough(2, seed)
    const before = await usedBytes()
    const lived = await liveThrough(count, seed)
    const kept = (await usedBytes()) - before
    const { hours, heartbeats, connections, refused, tokens, drops, pushes, outcomes, timers, longestAway } = lived
    const { numbered, late, lost, doubled } = lived
    const { ok = 0, disconnected = 0, timeout = 0 } = outcomes
    const row = (tried: string, times: number, seen: string, lost = 0, gotIn = 0): Row => ({
      tried,
      times,
      lost,
      gotIn,
      seen,
    })
    return [
      row("hours", hours, `at most ${timers} timers at once`, 0, timers > MOST_TIMERS ? 1 : 0),
      row("heartbeats", heartbeats, "each answered, or the line was given up"),
      row("lines lost", drops, `cut, closed or silent; away for at most ${(longestAway / 1000).toFixed(0)} s`),
      row("connections", connections, `${refused} more were refused for their token`),
      row("tokens", tokens, "renewed before or when they ran out"),
      row(
        "pushes",
        pushes,
        `${ok} ok, ${disconnected} told of a lost line, ${timeout} timed out`,
        pushes - ok - disconnected - timeout,
      ),
      row("broadcasts to rooms that recover", numbered, `${late} came after a lost line`, lost, doubled),
      row("memory kept", 1, inMebibytes(kept), 0, kept > MOST_KEPT ? 1 : 0),
    ]
  },
}
