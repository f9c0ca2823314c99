import { toBase64, toBinaryString } from "./base64.js"

/** The subprotocol that a Phoenix socket agrees on when a client sends an auth token. */
export const PHOENIX_SUBPROTOCOL = "phoenix"
/** What the subprotocol that carries the token begins with. */
export const AUTH_TOKEN_PREFIX = "base64url.bearer.phx."
/** The header that carries the token over long-poll. */
export const AUTH_TOKEN_HEADER = "X-Phoenix-AuthToken"

/**
 * The websocket subprotocols that carry an auth token, because a browser lets a page set no header.
 *
 * In spite of the prefix, Phoenix reads plain base64. A slash, though, may not stand in a subprotocol at all (the
 * browser throws), so a token with one goes out in the url alphabet, which Rookery's endpoint reads and Phoenix refuses:
 * an answer instead of an exception.
 */
export function authTokenSubprotocols(token: string): [string, string] {
  const plain = toBase64(new TextEncoder().encode(token)).replace(/=+$/, "")
  const encoded = plain.includes("/") ? plain.replace(/\//g, "_").replace(/\+/g, "-") : plain
  return [PHOENIX_SUBPROTOCOL, AUTH_TOKEN_PREFIX + encoded]
}

/** The token for the header: its UTF-8, a character a byte, because a header takes no others. */
export function authTokenHeader(token: string): string {
  return toBinaryString(new TextEncoder().encode(token))
}
