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
