import type { IncomingMessage } from "node:http"
import type { Duplex } from "node:stream"
import { readAddress } from "../../../server/support/ip-address.js"

/**
 * The proxies whose `X-Forwarded-For` counts: none, so many proxies in front, or the proxies at these addresses.
 */
export type TrustProxy = false | number | readonly string[]

const acceptedFrom = new WeakMap<Duplex, string | undefined>()

/**
 * Keeps the address of a connection for {@link peerOf}. The system forgets it with a reset, and Node still hands over
 * the requests that came before the reset: without the address no limit by address would hold for them.
 */
export function rememberPeer(connection: Duplex, address: string | undefined): void {
  acceptedFrom.set(connection, address)
}

/** The address at the other end of a connection: the one it had when it was accepted, where that is known. */
export function peerOf(connection: Duplex & { readonly remoteAddress?: string | undefined }): string | undefined {
  const known = acceptedFrom.get(connection)
  if (known !== undefined) return known
  const { remoteAddress } = connection
  return remoteAddress === undefined ? undefined : (readAddress(remoteAddress) ?? remoteAddress)
}

/** Whether a peer is a proxy whose `X-Forwarded-For` counts. */
export function isTrusted(peer: string, trust: TrustProxy): boolean {
  if (trust === false || typeof trust === "number") return trust !== false && trust > 0
  return trust.includes(peer) || trust.some((address) => readAddress(address) === peer)
}

/**
 * The address of the client: the last one in the chain of proxies that no trusted proxy vouches for. An entry that is no
 * IP address ends the chain, because each request could bring another one.
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
