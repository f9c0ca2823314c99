import { forwardedAddress, type TrustProxy } from "../../server/support/forwarded-address.js"
import { readAddress } from "../../server/support/ip-address.js"

/** The address of the client: that of its connection, or the one that trusted proxies vouch for. */
export function clientAddress(peer: string | undefined, request: Request, trust: TrustProxy): string | undefined {
  const known = peer === undefined ? undefined : (readAddress(peer) ?? peer)
  return forwardedAddress(known, request.headers.get("x-forwarded-for") ?? "", trust)
}
