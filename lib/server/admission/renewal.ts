import type { Clock } from "../../protocol/clock.js"
import type { Loose } from "../../protocol/contract.js"
import { decodeQuery, type QueryParams } from "../../protocol/query.js"
import type { MaybePromise } from "../api/handlers.js"
import type { Renew } from "../api/options.js"
import { Refused } from "../api/reply.js"
import type { ServerSocket } from "../api/socket.js"
import { isExpired, readExpiry } from "./expiry.js"

/**
 * Handles the payload of a `phx_renew`. Resolves with the expiry time of the new credentials, or with `undefined` if it
 * does not change. Rejects with a `Refused` if the credentials are refused.
 */
export type RenewCredentials = (payload: unknown, socket: ServerSocket) => Promise<number | undefined>

/** The limit that Node's HTTP server has for the headers of a connect request. */
const MAX_CREDENTIALS = 16 * 1024

function readParams(query: string): QueryParams {
  try {
    return decodeQuery(query)
  } catch {
    throw new Refused({ reason: "invalid query" })
  }
}

/** Creates the function that renews credentials at a path, from its option `renew`. */
export function renewal(
  renew: Renew<Loose>,
  clock: Clock,
  inTime: <T>(asked: MaybePromise<T>, address: string | undefined) => Promise<T>,
): RenewCredentials {
  return async (payload, socket) => {
    const { query, auth_token: authToken = null } = (payload ?? {}) as Record<string, unknown>
    // A client that sends no credentials only asks when its current ones expire.
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
