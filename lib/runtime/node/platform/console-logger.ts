import { inspect } from "node:util"
import type { Logger } from "../../../server/api/logger.js"

// Characters that JSON does not escape, and that control a terminal, change the direction of text or break a line of text.
// eslint-disable-next-line no-control-regex
const STEERING = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

const escaped = (text: string): string =>
  text.replace(STEERING, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`)

/** Indents all lines of text but the first, so that a text quoted in an error cannot forge a log line of ours. */
const indented = (text: string): string => text.split("\n").map(escaped).join("\n    ")

/** Writes warnings and errors to the console. The default logger of an endpoint. */
export const consoleLogger: Logger = (level, message, fields) => {
  if (level !== "warn" && level !== "error") return
  const { error, ...rest } = fields
  const known = Object.entries(rest).filter(([, value]) => value !== undefined && value !== null)
  const line = `[rookery] ${message}${known.map(([name, value]) => ` ${name}=${JSON.stringify(value)}`).join("")}`
  console[level](error === undefined ? escaped(line) : `${escaped(line)} ${indented(inspect(error))}`)
}
