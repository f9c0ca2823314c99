import type { Recording } from "../support/recordings.js"

/** Where the endpoint does better than Phoenix on purpose: why, and what it answers instead. */
export interface Difference {
  why: string
  ours(recording: Recording): Recording
}

/** By the name of the recording. */
export const DIFFERENCES: Record<string, Difference> = {}
