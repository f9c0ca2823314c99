import type { IncomingMessage } from "node:http"
import type { Duplex } from "node:stream"
import { forwardedAddress, type TrustProxy } from "../../../server/support/forwarded-address.js"
import { readAddress } from "../../../server/support/ip-address.js"

const acceptedFrom = new WeakMap<Duplex, string | undefined>()

/**
 * Keeps the address of a connection for {@link peerOf}. After a reset by the client the operating system has no address
 * any more, but Node still passes on the requests that were read before: without an address they would escape the
 * limits by address.
 */
export function rememberPeer(connection: Duplex, address: string | undefined): void {
  acceptedFrom.set(connection, address)
}

/** The address at the other end of a connection: if known, the one that it was accepted from. */
export function peerOf(connection: Duplex & { readonly remoteAddress?: string | undefined }): string | undefined {
  const known = acceptedFrom.get(connection)
  if (known !== undefined) return known
  const { remoteAddress } = connection
  return remoteAddress === undefined ? undefined : (readAddress(remoteAddress) ?? remoteAddress)
}

/** The address of the client: that of its connection, or the one that trusted proxies vouch for. */
export function addressOf(request: IncomingMessage, trust: TrustProxy): string | undefined {
  const header = request.headers["x-forwarded-for"] ?? ""
  return forwardedAddress(peerOf(request.socket), typeof header === "string" ? header : header.join(","), trust)
}
