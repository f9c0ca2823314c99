import { RookeryError } from "../protocol/errors.js"

/** What knows whether its socket was destroyed. */
export interface Life {
  /** Set for good: nothing begins any more. */
  destroyed?: true
}

/** Throws once the socket was destroyed. */
export function assertAlive({ destroyed }: Life): void {
  if (destroyed) throw new RookeryError("destroyed", "the socket was destroyed")
}
