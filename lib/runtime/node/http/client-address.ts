import type { IncomingMessage } from "node:http"
import type { Duplex } from "node:stream"
import { readAddress } from "../../../server/support/ip-address.js"

/**
 * The proxies whose `X-Forwarded-For` is trusted: none, this number of proxies in front, or the proxies at these
 * addresses.
 */
export type TrustProxy = false | number | readonly string[]

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

/** Whether a peer is a proxy whose `X-Forwarded-For` is trusted. */
export function isTrusted(peer: string, trust: TrustProxy): boolean {
  if (trust === false || typeof trust === "number") return trust !== false && trust > 0
  return trust.includes(peer) || trust.some((address) => readAddress(address) === peer)
}

/**
 * The address of the client: goes back along `X-Forwarded-For` as long as the entries come from trusted proxies. An
 * entry that is no IP address ends the chain, because a client could send another one with each request.
 */
export function addressOf(request: IncomingMessage, trust: TrustProxy): string | undefined {
  const peer = peerOf(request.socket)
  if (peer === undefined || !isTrusted(peer, trust)) return peer
  const header = request.headers["x-forwarded-for"] ?? ""
  const entries = (typeof header === "string" ? header : header.join(","))
    .split(",")
    .filter((entry) => entry.trim() !== "")
  let client = peer
  for (let hops = 1; entries.length > 0; hops++) {
    if (typeof trust === "number" ? hops > trust : !isTrusted(client, trust)) break
    const address = readAddress(entries.pop() as string)
    if (address === undefined) break
    client = address
  }
  return client
}
