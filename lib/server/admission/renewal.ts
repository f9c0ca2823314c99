import type { Clock } from "../../protocol/clock.js"
import type { Loose } from "../../protocol/contract.js"
import { decodeQuery, type QueryParams } from "../../protocol/query.js"
import type { MaybePromise } from "../api/handlers.js"
import type { Renew } from "../api/options.js"
import { Refused } from "../api/reply.js"
import type { ServerSocket } from "../api/socket.js"
import { isExpired, readExpiry } from "./expiry.js"

/**
 * Takes the payload of a `phx_renew`, and resolves with the time at which the new credentials expire; with `undefined` if
 * that does not change. Rejects with a `Refused` what is refused.
 */
export type RenewCredentials = (payload: unknown, socket: ServerSocket) => Promise<number | undefined>

/** As many characters as Node's HTTP server takes with the headers of a connect. */
const MAX_CREDENTIALS = 16 * 1024

function readParams(query: string): QueryParams {
  try {
    return decodeQuery(query)
  } catch {
    throw new Refused({ reason: "invalid query" })
  }
}

/** Makes the renewal of a path out of its option `renew`. */
export function renewal(
  renew: Renew<Loose>,
  clock: Clock,
  inTime: <T>(asked: MaybePromise<T>, address: string | undefined) => Promise<T>,
): RenewCredentials {
  return async (payload, socket) => {
    const { query, auth_token: authToken = null } = (payload ?? {}) as Record<string, unknown>
    // A client that brings no credentials only asks how long those that it has are good.
    if (query === undefined) return undefined
    if (typeof query !== "string" || (authToken !== null && typeof authToken !== "string")) {
      throw new Refused({ reason: "invalid renewal" })
    }
    if (query.length + (authToken?.length ?? 0) > MAX_CREDENTIALS)
      throw new Refused({ reason: "credentials too large" })
    const renewed = await inTime(renew({ params: readParams(query), authToken, socket }), socket.address)
    if (renewed === false) throw new Refused({ reason: "renewal refused" })
    const expiresAt = readExpiry(renewed)
    if (isExpired(expiresAt, clock)) throw new Refused({ reason: "credentials expired" })
    return expiresAt
  }
}
