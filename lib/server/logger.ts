/** How much a line of the log matters. */
export type LogLevel = "debug" | "info" | "warn" | "error"

/** What a line of the log is about. Never a token, a query or a payload. */
export interface LogFields {
  readonly topic?: string | undefined
  readonly event?: string | undefined
  readonly socket?: string | null | undefined
  readonly address?: string | undefined
  readonly error?: unknown
}

/** Takes the lines of the log. */
export type Logger = (level: LogLevel, message: string, fields: LogFields) => void

/** Warnings and errors to the console: what an endpoint does unless it is given a logger. */
export const consoleLogger: Logger = (level, message, fields) => {
  if (level !== "warn" && level !== "error") return
  const { error, ...rest } = fields
  const known = Object.entries(rest).filter(([, value]) => value !== undefined && value !== null)
  const line = `[rookery] ${message}${known.map(([name, value]) => ` ${name}=${JSON.stringify(value)}`).join("")}`
  if (error === undefined) console[level](line)
  else console[level](line, error)
}
