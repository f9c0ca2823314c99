import type { IncomingMessage } from "node:http"
import { isIPv4, isIPv6 } from "node:net"
import type { Duplex } from "node:stream"

/**
 * Which proxies' `X-Forwarded-For` counts: of none, of so many proxies in front, or of the proxies at these addresses.
 */
export type TrustProxy = false | number | readonly string[]

/** The part of an address before its port, its brackets and its zone: `[2001:db8::1%eth0]:443`, `192.0.2.1:443`. */
const HOST = /^(?:\[([^\]]*)\](?::\d+)?|(\d+\.\d+\.\d+\.\d+):\d+|(.*))$/

/** The eight groups of an IPv6 address as numbers. */
function groupsOf(address: string): number[] {
  const dotted = address.lastIndexOf(":") + 1
  let hex = address
  if (address.includes(".")) {
    const [a = 0, b = 0, c = 0, d = 0] = address.slice(dotted).split(".").map(Number)
    hex = `${address.slice(0, dotted)}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
  }
  const [head = "", tail = ""] = hex.split("::")
  const read = (part: string): number[] =>
    part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16))
  const [first, last] = [read(head), read(tail)]
  return [...first, ...Array.from({ length: 8 - first.length - last.length }, () => 0), ...last]
}

const isMappedIPv4 = (groups: readonly number[]): boolean =>
  groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff

/**
 * An IP address in the one form by which addresses are compared and counted, without port, brackets and zone;
 * `undefined` for anything that is no IP address. A proxy may forward the port with the address, and each connection
 * has another port.
 */
export function readAddress(text: string): string | undefined {
  const [, bracketed, withPort, plain] = HOST.exec(text.trim()) ?? []
  const [address = ""] = (bracketed ?? withPort ?? plain ?? "").split("%")
  if (isIPv4(address)) return address
  if (!isIPv6(address)) return undefined
  const groups = groupsOf(address)
  if (!isMappedIPv4(groups)) return new URL(`http://[${address}]`).hostname.slice(1, -1)
  const [high = 0, low = 0] = groups.slice(6)
  return [high >> 8, high & 255, low >> 8, low & 255].join(".")
}

/**
 * The form of an address under which it is counted: an IPv4 address itself, of an IPv6 address its network of 64 bits,
 * because a client that has one address of it has all 2^64.
 */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address
  return groupsOf(address)
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(":")
}

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
  return trust.some((address) => (readAddress(address) ?? address) === peer)
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
