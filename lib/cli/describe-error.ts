import { ConnectError, type LostReason } from "rookery"

interface Nested {
  /** As in the error event of a websocket. */
  error?: unknown
  cause?: unknown
  /** As where every address of a host was tried. */
  errors?: unknown[]
  message?: unknown
  code?: unknown
}

/** The error that began it: `ECONNREFUSED` rather than `fetch failed`. */
function root(error: unknown): Nested {
  let found = error as Nested
  for (let depth = 0; depth < 10; depth++) {
    const inner = found.error ?? found.cause ?? found.errors?.[0]
    if (typeof inner !== "object" || inner === null) break
    found = inner
  }
  return found
}

/** Describes an error in words. */
export function describeError(error: unknown): string {
  if (typeof error !== "object" || error === null) return String(error)
  if (error instanceof ConnectError && error.status !== undefined) {
    return error.message.includes("HTTP") ? error.message : `${error.message} (HTTP ${error.status})`
  }
  const { message, code } = root(error)
  return String(message || code || (error as Nested).message || "no reason was given")
}

/** Why there is no connection, in words. */
export function describeLost({ error, code, reason }: LostReason = {}): string {
  if (error !== undefined) return describeError(error)
  return `it was closed with ${code ?? "no code"}${reason ? ` (${reason})` : ""}`
}
