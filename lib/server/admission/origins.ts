import type { Origins } from "../api/options.js"

interface OriginPattern {
  readonly scheme: string | undefined
  readonly host: string
  readonly port: string | undefined
}

const PATTERN = /^(?:([a-z][a-z0-9+.-]*):)?\/\/(\[[0-9a-f:.]+\]|[^/:?#@\s]+)(?::(\d+))?\/?$/i
// An origin as browsers write it: a scheme, and a host in ASCII. A list of origins, or characters that a browser would
// have escaped, do not match.
const ORIGIN = /^([a-z][a-z0-9+.-]*):\/\/(\[[0-9a-f:.]+\]|[\w.-]+)(?::(\d+))?$/i
const DEFAULT_PORTS: Record<string, string> = { http: "80", https: "443", ws: "80", wss: "443" }
const LOOPBACK = /^(localhost|.+\.localhost|127(?:\.\d+){3}|\[::1\])$/

function parse(origin: string, as: RegExp): OriginPattern | undefined {
  const match = as.exec(origin)
  if (match === null) return undefined
  const scheme = match[1]?.toLowerCase()
  return {
    scheme,
    host: (match[2] as string).toLowerCase(),
    port: match[3] ?? (scheme === undefined ? undefined : DEFAULT_PORTS[scheme]),
  }
}

/** A host name in ASCII (Punycode), or an empty string for an invalid name. */
function domainToAscii(host: string): string {
  if (/[/?#@:\\\s]/.test(host)) return ""
  try {
    return new URL(`http://${host}`).hostname
  } catch {
    return ""
  }
}

/** Converts a host, also one with a wildcard, to ASCII: browsers send international names in Punycode. */
function inAscii(host: string): string {
  if (/^[\w.*:[\]-]+$/.test(host)) return host
  return host.startsWith("*.") ? `*.${domainToAscii(host.slice(2))}` : domainToAscii(host)
}

function hostAllowed(host: string, allowed: string): boolean {
  if (!allowed.startsWith("*.")) return host === allowed
  const root = allowed.slice(2)
  return host === root || host.endsWith(`.${root}`)
}

/**
 * Makes the check whether a page of an origin may connect. By default, the pages of the configured host and of this
 * machine may. The `Host` header is not used, because the sender of the request can write anything into it.
 */
export function originCheck(origins: Origins | undefined, host: string | undefined): (origin: string) => boolean {
  if (origins === "*") return () => true
  if (typeof origins === "function") return origins
  if (origins === undefined) {
    const own = host === undefined ? undefined : inAscii(host.toLowerCase())
    return (origin) => {
      const page = parse(origin, ORIGIN)
      return page !== undefined && (LOOPBACK.test(page.host) || page.host === own)
    }
  }
  const allowed = origins.map((origin) => {
    const pattern = parse(origin, PATTERN)
    const name = pattern && inAscii(pattern.host)
    if (pattern === undefined || !name)
      throw new TypeError(`origins: ${origin} is not an origin; write https://example.com or //*.example.com`)
    return { ...pattern, host: name }
  })
  return (origin) => {
    const page = parse(origin, ORIGIN)
    if (page === undefined) return false
    return allowed.some(
      (pattern) =>
        (pattern.scheme === undefined || pattern.scheme === page.scheme) &&
        (pattern.port === undefined || pattern.port === page.port) &&
        hostAllowed(page.host, pattern.host),
    )
  }
}
