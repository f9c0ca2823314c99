/**
 * How long a spec waits for something that comes, and how often it looks. The time only passes where nothing comes: on a
 * machine whose cores are busy, a second is not enough for what takes milliseconds on a quiet one.
 */
export const PATIENCE = { timeout: 120_000, interval: 20 }
