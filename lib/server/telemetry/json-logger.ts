import type { Logger } from "../api/logger.js"

/** Options of {@link jsonLogger}. */
export interface JsonLoggerOptions {
  /** Takes each entry, without a line break at its end. @default console.log */
  readonly write?: (line: string) => void
  /** The time of an entry, in milliseconds since 1970. @default Date.now */
  readonly now?: () => number
}

/** `JSON.stringify()` makes `{}` of an error. */
function readable(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const { name, message, stack, cause } = error
  const { code } = error as { code?: unknown }
  return { name, message, code, stack, cause: cause === undefined ? undefined : readable(cause) }
}

function textOf(entry: object, error: unknown): string {
  try {
    return JSON.stringify({ ...entry, error: error === undefined ? undefined : readable(error) })
  } catch {
    // An application may throw a value that JSON cannot hold, such as a bigint, or one that contains itself.
    return JSON.stringify({ ...entry, error: String(error) })
  }
}

/**
 * A logger that writes each entry as one line of JSON, for collectors of logs:
 *
 * ```ts
 * const endpoint = new Endpoint({ logger: jsonLogger() })
 * ```
 */
export function jsonLogger({ write = console.log, now = Date.now }: JsonLoggerOptions = {}): Logger {
  return (level, message, { error, ...fields }) =>
    write(textOf({ time: new Date(now()).toISOString(), level, message, ...fields }, error))
}
