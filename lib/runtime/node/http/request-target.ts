import type { IncomingMessage } from "node:http"

/** What a request asks for. */
export interface RequestTarget {
  readonly path: string
  /** Without the question mark. */
  readonly query: string
}

/** The scheme and the authority of an absolute target. */
const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/[^/?]*/i

/**
 * The path and the query of a request. A client that takes the server for a proxy asks for an absolute URL; RFC 9112,
 * 3.2.2 tells every server to read that as well.
 */
export function targetOf({ url = "" }: IncomingMessage): RequestTarget {
  const target = url.startsWith("/") ? url : url.replace(ORIGIN, "")
  const at = target.indexOf("?")
  const path = at === -1 ? target : target.slice(0, at)
  return { path: path || "/", query: at === -1 ? "" : target.slice(at + 1) }
}
