import { readAddress } from "./ip-address.js"

/**
 * The proxies whose `X-Forwarded-For` is trusted: none, this number of proxies in front, or the proxies at these
 * addresses.
 */
export type TrustProxy = false | number | readonly string[]

/** Whether a peer is a proxy whose `X-Forwarded-For` is trusted. */
export function isTrusted(peer: string, trust: TrustProxy): boolean {
  if (trust === false || typeof trust === "number") return trust !== false && trust > 0
  return trust.includes(peer) || trust.some((address) => readAddress(address) === peer)
}

/**
 * The address of the client: goes back along `X-Forwarded-For` as long as the entries come from trusted proxies. An
 * entry that is no IP address ends the chain, because a client could send another one with each request.
 *
 * @param peer the address at the other end of the connection
 * @param forwardedFor the header `X-Forwarded-For`
 */
export function forwardedAddress(
  peer: string | undefined,
  forwardedFor: string,
  trust: TrustProxy,
): string | undefined {
  if (peer === undefined || !isTrusted(peer, trust)) return peer
  const entries = forwardedFor.split(",").filter((entry) => entry.trim() !== "")
  let client = peer
  for (let hops = 1; entries.length > 0; hops++) {
    if (typeof trust === "number" ? hops > trust : !isTrusted(client, trust)) break
    const address = readAddress(entries.pop() as string)
    if (address === undefined) break
    client = address
  }
  return client
}
