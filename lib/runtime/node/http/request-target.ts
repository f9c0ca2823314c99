import type { IncomingMessage } from "node:http"

/** The target of a request. */
export interface RequestTarget {
  readonly path: string
  /** Without the question mark. */
  readonly query: string
}

/** The scheme and the authority of an absolute target. */
const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/[^/?]*/i

/**
 * The path and the query of a request. Clients send an absolute URL to a proxy; a server must accept that as well
 * (RFC 9112, 3.2.2).
 */
export function targetOf({ url = "" }: IncomingMessage): RequestTarget {
  const target = url.startsWith("/") ? url : url.replace(ORIGIN, "")
  const at = target.indexOf("?")
  const path = at === -1 ? target : target.slice(0, at)
  return { path: path || "/", query: at === -1 ? "" : target.slice(at + 1) }
}
