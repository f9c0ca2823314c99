/**
 * How long a spec waits for an event, and how often it looks. Only a failing spec waits the whole time. It is long
 * because work of milliseconds on a quiet machine can take more than a second on a busy one.
 */
export const PATIENCE = { timeout: 120_000, interval: 20 }
