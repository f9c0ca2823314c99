import { isRefused } from "../api/reply.js"

/** The error of a join that took too long. */
export const JOIN_TIMEOUT: unique symbol = Symbol("join timeout")

/** Why a join is refused, and the response that the client gets. */
export function refusalOf(error: unknown): { reason: "refused" | "timeout" | "crashed"; response: unknown } {
  if (isRefused(error)) return { reason: "refused", response: error.response }
  if (error === JOIN_TIMEOUT) return { reason: "timeout", response: { reason: "join timeout" } }
  return { reason: "crashed", response: { reason: "join crashed" } }
}
