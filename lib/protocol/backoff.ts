import { GOING_AWAY, NORMAL, SERVICE_RESTART, TRY_AGAIN_LATER } from "./close-codes.js"

// phoenix.js's steps, in milliseconds.
const RECONNECT_STEPS = [10, 50, 100, 150, 200, 250, 500, 1000, 2000, 5000]
const REJOIN_STEPS = [1000, 2000, 5000, 10000]

// A stopping server disconnects all clients at once; these windows spread their return.
const SPREAD_MS: Record<number, number> = {
  [NORMAL]: 1000,
  [GOING_AWAY]: 1000,
  [SERVICE_RESTART]: 5000,
  [TRY_AGAIN_LATER]: 5000,
}

function step(steps: readonly number[], tries: number, random: () => number): number {
  const ms = steps[Math.min(tries, steps.length) - 1] ?? 0
  return ms * (0.5 + random())
}

/**
 * How long to wait before the nth attempt to connect: phoenix.js's steps with half of each as jitter. After 1000, 1001,
 * 1012 and 1013 the first attempt is spread over a window of seconds.
 */
export function reconnectDelay(tries: number, random: () => number, closeCode?: number | false): number {
  const spread = tries === 1 && SPREAD_MS[closeCode as number]
  return spread ? spread * random() : step(RECONNECT_STEPS, tries, random)
}

/** How long to wait before the nth attempt to join again: phoenix.js's steps with half of each as jitter. */
export function rejoinDelay(tries: number, random: () => number): number {
  return step(REJOIN_STEPS, tries, random)
}
