import type { IncomingMessage } from "node:http"

/**
 * Whose `X-Forwarded-For` counts: nobody's, that of so many proxies in front, or that of proxies at these addresses.
 */
export type TrustProxy = false | number | readonly string[]

const bare = (address: string): string => address.replace(/^::ffff:(?=\d)/, "")

/**
 * What counts as one address where they are counted. Whoever has an IPv6 address has 2^64 of them, which differ in the
 * second half.
 */
export function networkOf(address: string): string {
  if (!address.includes(":")) return address
  const [head = "", tail] = address.split("::")
  const groups = head === "" ? [] : head.split(":")
  const end = tail === undefined || tail === "" ? [] : tail.split(":")
  while (groups.length + end.length < 8) groups.push("0")
  return [...groups, ...end].slice(0, 4).join(":")
}

/** Who is at the other end of a line. */
export const peerOf = ({ remoteAddress }: { readonly remoteAddress?: string | undefined }): string | undefined =>
  remoteAddress === undefined ? undefined : bare(remoteAddress)

/** Where a client is: the last address that no trusted proxy vouches for. */
export function addressOf(request: IncomingMessage, trust: TrustProxy): string | undefined {
  const peer = peerOf(request.socket)
  if (peer === undefined) return undefined
  if (trust === false || trust === 0) return peer
  const header = request.headers["x-forwarded-for"]
  const claimed = (Array.isArray(header) ? header.join(",") : (header ?? ""))
    .split(",")
    .map((address) => bare(address.trim()))
    .filter((address) => address !== "")
  const hops = [...claimed, peer]
  let at = hops.length - 1
  if (typeof trust === "number") at = Math.max(0, at - trust)
  else while (at > 0 && trust.includes(hops[at] as string)) at--
  return hops[at]
}
