const BYTE = /^(?:0|[1-9]\d{0,2})$/

/** Whether a text is an IPv4 address: four decimal numbers of one byte, without leading zeros. */
function isIPv4(text: string): boolean {
  const parts = text.split(".", 5)
  return parts.length === 4 && parts.every((part) => BYTE.test(part) && Number(part) < 256)
}

/** Whether a text is an IPv6 address without brackets and zone. The URL parser decides. */
function isIPv6(text: string): boolean {
  return text.length <= 45 && text.includes(":") && /^[\da-f:.]+$/i.test(text) && URL.canParse(`http://[${text}]`)
}

/** Matches the host in an address with a port, as in `[2001:db8::1%eth0]:443` and `192.0.2.1:443`, or without. */
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
 * Reads an IP address into the canonical form by which addresses are compared and counted, without port, brackets and
 * zone; `undefined` if the text is no IP address. The port must go, because a proxy may forward it with the address,
 * and each connection has another one.
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
 * The form under which an address is counted: an IPv4 address itself, and for an IPv6 address its /64 network, because
 * a client with one of its addresses has all 2^64 of them.
 */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address
  return groupsOf(address)
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(":")
}
