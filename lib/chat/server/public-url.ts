import { isIP } from "node:net"
import { RookeryError } from "rookery/server/node"

const LOCAL_NAMES = ["localhost", "127.0.0.1", "[::1]"]
const LOOPBACK = /^(?:::ffff:)?127(?:\.\d{1,3}){3}$|^::1$/

/** Whether a server that listens on this address can be reached from its own machine only. */
export const isLoopback = (address: string): boolean => address === "localhost" || LOOPBACK.test(address)

/** Whether a host name, as in a URL, is a loopback name. */
export const isLocalName = (hostname: string): boolean => LOCAL_NAMES.includes(hostname)

/** Reads the public URL as an origin, without a path. */
export function readPublicUrl(url: string, option = "publicUrl"): string {
  let parsed: URL
  try {
    parsed = new URL(url)
  } catch (cause) {
    throw new RookeryError("bad_option", `${option}: ${url} is not a URL; write https://chat.example.com`, cause)
  }
  if (!/^https?:$/.test(parsed.protocol) || parsed.pathname !== "/" || parsed.search !== "" || parsed.hash !== "") {
    throw new RookeryError("bad_option", `${option}: ${url} is not a bare origin; write https://chat.example.com`)
  }
  return parsed.origin
}

/** The URL of a server without a public URL. Throws unless it listens on loopback. */
export function localUrl(address: string, port: number): string {
  if (isLoopback(address)) return `http://localhost:${port}`
  const host = isIP(address) === 6 ? `[${address}]` : address
  throw new RookeryError("bad_option", `publicUrl is not set, and ${host} is not this machine alone: links need one`)
}

/**
 * Whether an origin is that of the chat's page: the public one, or on loopback any loopback name with the same port.
 */
export function ownOrigin(origin: string, publicUrl: string, origins: readonly string[]): boolean {
  if (origin === publicUrl || origins.includes(origin)) return true
  const here = new URL(publicUrl)
  if (!isLocalName(here.hostname)) return false
  return LOCAL_NAMES.some((hostname) => origin === Object.assign(new URL(here), { hostname }).origin)
}
