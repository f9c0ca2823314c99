import { dateOf, type Clock } from "../../protocol/clock.js"
import { RookeryError } from "../../protocol/errors.js"

/** When credentials expire in milliseconds since 1970, as `connect` or `renew` says it; `undefined` if it does not. */
export function readExpiry(said: unknown): number | undefined {
  const { expiresAt } = (typeof said === "object" && said !== null ? said : {}) as { expiresAt?: Date | number }
  if (expiresAt === undefined) return undefined
  const time = Number(expiresAt)
  if (!Number.isNaN(time)) return time
  throw new RookeryError("bad_option", "`expiresAt` is not a time: return a Date, or milliseconds since 1970")
}

/** Whether credentials have expired. A client with such credentials would come back at once, again and again. */
export const isExpired = (expiresAt: number | undefined, clock: Clock): boolean =>
  expiresAt !== undefined && expiresAt <= dateOf(clock)
