import { inspect } from "node:util"
import type { Logger } from "../../../server/api/logger.js"

// Beyond what JSON escapes: what steers a terminal, and what turns or breaks a line.
// eslint-disable-next-line no-control-regex
const STEERING = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

const escaped = (text: string): string =>
  text.replace(STEERING, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`)

/** Lines below the first are set in: whatever an error quotes, no line that begins with our name is made by others. */
const indented = (text: string): string => text.split("\n").map(escaped).join("\n    ")

/** Warnings and errors to the console: what an endpoint does unless it is given a logger. */
export const consoleLogger: Logger = (level, message, fields) => {
  if (level !== "warn" && level !== "error") return
  const { error, ...rest } = fields
  const known = Object.entries(rest).filter(([, value]) => value !== undefined && value !== null)
  const line = `[rookery] ${message}${known.map(([name, value]) => ` ${name}=${JSON.stringify(value)}`).join("")}`
  console[level](error === undefined ? escaped(line) : `${escaped(line)} ${indented(inspect(error))}`)
}
