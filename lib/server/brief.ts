import { RookeryError } from "../protocol/errors.js"

/** As much of what a client names as tells what it is. */
const LONGEST = 200

/** Text of a client for a line of the log: it may be a megabyte. */
export const brief = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST)}...` : text)

/** What a channel crashes with when nobody takes an event. */
export const unhandled = (event: unknown, topic: string): RookeryError =>
  new RookeryError("handler_failed", `no handler takes ${brief(String(JSON.stringify(event)))} on ${brief(topic)}`)
