/** The longest name from a client that is logged. */
const LONGEST = 200

/**
 * Cuts a client's text for the log, as it may be a megabyte. A topic or an event may also be another value than text.
 */
export const truncate = (text: string): string =>
  typeof text === "string" && text.length > LONGEST ? `${text.slice(0, LONGEST)}...` : text
