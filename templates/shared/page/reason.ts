import { PushError } from "rookery"

/** An error in words for a person: the reason of a server that refused, or what went wrong instead. */
export function reasonOf(error: unknown): string {
  if (error instanceof PushError) {
    const reason = (error.response as { reason?: unknown } | null)?.reason
    if (typeof reason === "string") return reason
  }
  return (error as Error).message
}
