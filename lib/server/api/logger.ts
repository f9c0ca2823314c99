/** The severity of a log entry. */
export type LogLevel = "debug" | "info" | "warn" | "error"

/** The context of a log entry. It never contains a token, a query or a payload. */
export interface LogFields {
  readonly topic?: string | undefined
  readonly event?: string | undefined
  readonly socket?: string | null | undefined
  readonly address?: string | undefined
  readonly error?: unknown
}

/** Writes an entry to the log. */
export type Logger = (level: LogLevel, message: string, fields: LogFields) => void
