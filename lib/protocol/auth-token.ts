import { toBinaryString } from "./base64.js"
import { readBase64 } from "./read-base64.js"

/** The subprotocol that a Phoenix socket agrees on when a client sends an auth token. */
export const PHOENIX_SUBPROTOCOL = "phoenix"
/** The prefix of the subprotocol that carries the token. */
export const AUTH_TOKEN_PREFIX = "base64url.bearer.phx."
/** The header that carries the token over long-poll. */
export const AUTH_TOKEN_HEADER = "X-Phoenix-AuthToken"
/** The header that carries the token of a long-poll's session. */
export const SESSION_TOKEN_HEADER = "X-Phoenix-LongPoll-Token"

/**
 * The websocket subprotocols that carry an auth token, because a browser lets a page set no header.
 *
 * In spite of the prefix, Phoenix reads plain base64. But a subprotocol must not contain a slash (the browser throws),
 * so a token with one is sent in the URL-safe alphabet, which Rookery's endpoint reads and Phoenix refuses: a refusal
 * instead of an exception.
 */
export function authTokenSubprotocols(token: string): [string, string] {
  const plain = btoa(authTokenHeader(token)).replace(/=/g, "")
  const encoded = plain.includes("/") ? plain.replace(/\//g, "_").replace(/\+/g, "-") : plain
  return [PHOENIX_SUBPROTOCOL, AUTH_TOKEN_PREFIX + encoded]
}

/** The token for the header: its UTF-8, one character per byte, because a header allows no others. */
export function authTokenHeader(token: string): string {
  return toBinaryString(new TextEncoder().encode(token))
}

/** The token from its bytes: UTF-8, or one character per byte, as phoenix.js writes a Latin-1 token. */
export function authTokenOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return toBinaryString(bytes)
  }
}

/** The contents of a client's list of subprotocols. */
export interface OfferedSubprotocols {
  /** The token, if the list carries exactly one. */
  authToken: string | null
  /** The server's answer: `phoenix`, or none if the client offered nothing but a token. */
  answer: string | undefined
}

// A token as defined by RFC 7230, as every subprotocol must be.
const SUBPROTOCOL = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

/**
 * The names in the `Sec-WebSocket-Protocol` of a client, in its order of preference; names that are not tokens are
 * skipped.
 */
export const offeredSubprotocols = (header: string): string[] =>
  header
    .split(",")
    .map((name) => name.trim())
    .filter((name) => SUBPROTOCOL.test(name))

/**
 * Separates the token from the other subprotocols that a client offers; `undefined` for a token that is not base64 of
 * text. If there are two tokens, neither counts, because only the client knows which one it means.
 */
export function readTokenSubprotocol(
  offered: readonly string[],
): { authToken: string | null; others: readonly string[] } | undefined {
  const tokens = offered.filter((name) => name.startsWith(AUTH_TOKEN_PREFIX))
  if (tokens.length !== 1) return { authToken: null, others: offered }
  const bytes = readBase64((tokens[0] as string).slice(AUTH_TOKEN_PREFIX.length))
  if (bytes === undefined) return undefined
  try {
    const authToken = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)
    return { authToken, others: offered.filter((name) => !name.startsWith(AUTH_TOKEN_PREFIX)) }
  } catch {
    return undefined
  }
}

/**
 * Reads the `Sec-WebSocket-Protocol` of a client, in any order, with the token in either alphabet of base64.
 * `"unknown"` if none of the offers is ours; `"bad token"` for a token that is not base64 of text.
 */
export function readSubprotocols(header: string): OfferedSubprotocols | "unknown" | "bad token" {
  const offered = header
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "")
  const read = readTokenSubprotocol(offered)
  if (read === undefined) return "bad token"
  const answer = offered.includes(PHOENIX_SUBPROTOCOL) ? PHOENIX_SUBPROTOCOL : undefined
  return read.others.length > 0 && answer === undefined ? "unknown" : { authToken: read.authToken, answer }
}
