/** As much of what a client names as tells what it is. */
const LONGEST = 200

/** Text of a client for a line of the log: it may be a megabyte. Phoenix lets a topic or an event be no text at all. */
export const truncate = (text: string): string =>
  typeof text === "string" && text.length > LONGEST ? `${text.slice(0, LONGEST)}...` : text
