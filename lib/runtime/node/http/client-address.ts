import type { IncomingMessage } from "node:http"
import type { Duplex } from "node:stream"
import { forwardedAddress, type TrustProxy } from "../../../server/support/forwarded-address.js"
import { readAddress } from "../../../server/support/ip-address.js"

/** The header in which a worker tells another one {@link peerOf} a request that it passes on. */
export const PEER_HEADER = "x-rookery-peer"

const acceptedFrom = new WeakMap<Duplex, string | undefined>()
const fromWorkers = new WeakSet<Duplex>()

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

/**
 * A connection comes from another worker, which tells the address of each request in {@link PEER_HEADER}. Only there
 * the header is read: on any other connection a client could choose its address.
 */
export function trustWorker(connection: Duplex): void {
  fromWorkers.add(connection)
}

function peerOfRequest({ socket, headers }: IncomingMessage): string | undefined {
  if (!fromWorkers.has(socket)) return peerOf(socket)
  const told = headers[PEER_HEADER]
  return typeof told === "string" ? told : undefined
}

/** The address of the client: that of its connection, or the one that trusted proxies vouch for. */
export function addressOf(request: IncomingMessage, trust: TrustProxy): string | undefined {
  const header = request.headers["x-forwarded-for"] ?? ""
  return forwardedAddress(peerOfRequest(request), typeof header === "string" ? header : header.join(","), trust)
}
