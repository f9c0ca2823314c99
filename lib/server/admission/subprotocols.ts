import { offeredSubprotocols, readSubprotocols, readTokenSubprotocol } from "../../protocol/auth-token.js"
import type { Loose } from "../../protocol/contract.js"
import { RookeryError } from "../../protocol/errors.js"
import { faultAnswer, Rejection } from "./rejection.js"

/**
 * The subprotocols of a gateway: a list of names, from which the client's first offer is taken, or a function that
 * picks one of the client's offers, or none.
 */
export type Subprotocols<Request = unknown> =
  | readonly string[]
  | ((offered: readonly string[], request: Request) => string | null | undefined)

/** The result of negotiating a subprotocol. */
export interface Agreed {
  readonly authToken: string | null
  /** The subprotocol that the response names. */
  readonly subprotocol: string | undefined
}

const badToken = (): Rejection => new Rejection("auth token", faultAnswer(500))
const notOurs = (): Rejection => new Rejection("subprotocol", { status: 403 })

/**
 * Negotiates as Phoenix does: the only subprotocols are `phoenix` and the one that carries an auth token.
 *
 * @param header the client's `Sec-WebSocket-Protocol`
 */
export function agreeAsPhoenix(header: string | undefined, authToken: boolean): Agreed | Rejection {
  if (!authToken || header === undefined) return { authToken: null, subprotocol: undefined }
  const read = readSubprotocols(header)
  if (read === "unknown") return notOurs()
  if (read === "bad token") return badToken()
  return { authToken: read.authToken, subprotocol: read.answer }
}

/** Negotiates by the gateway's option `subprotocols`; without it, or if it picks none, as Phoenix does. */
export function agree(
  header: string | undefined,
  authToken: boolean,
  subprotocols: Subprotocols<Loose> | undefined,
  request: unknown,
): Agreed | Rejection {
  if (subprotocols === undefined || header === undefined) return agreeAsPhoenix(header, authToken)
  const names = offeredSubprotocols(header)
  const token = authToken ? readTokenSubprotocol(names) : { authToken: null, others: names }
  if (token === undefined) return badToken()
  const { others } = token
  const picked =
    typeof subprotocols === "function"
      ? subprotocols(others, request)
      : others.find((offered) => subprotocols.includes(offered))
  if (picked === undefined || picked === null) return agreeAsPhoenix(header, authToken)
  if (others.includes(picked)) return { authToken: token.authToken, subprotocol: picked }
  throw new RookeryError(
    "bad_option",
    `subprotocols() returned ${JSON.stringify(picked)}, which the client did not offer: return one of ${others.join(", ") || "none"}, or nothing`,
  )
}
