/** A connection that ended as planned. */
export const NORMAL = 1000
/** The server disconnects this client (`disconnect` on its socket id, or a server that stops). */
export const GOING_AWAY = 1001
/** Nothing was received for longer than the idle limit. */
export const PROTOCOL_ERROR = 1002
/** A close frame without a code, as seen by its receiver. Never sent. */
export const NO_STATUS = 1005
/** The connection ended without a close frame. Never sent. */
export const ABNORMAL = 1006
/** Text that was not UTF-8. */
export const INVALID_TEXT = 1007
/** The client violated a policy, such as a rate limit. */
export const POLICY_VIOLATION = 1008
/** A frame over the size limit. */
export const TOO_BIG = 1009
/** A frame that could not be decoded, or an error of the server. */
export const INTERNAL_ERROR = 1011
/** The server restarts: reconnect after a random delay. */
export const SERVICE_RESTART = 1012
/** The server is overloaded: reconnect later. */
export const TRY_AGAIN_LATER = 1013
/** The client's credentials have expired: reconnect with new ones. */
export const CREDENTIALS_EXPIRED = 3401
/** The code of phoenix.js for a long-poll session that is gone, so that the socket connects anew. Never sent. */
export const SESSION_GONE = 3410

/**
 * Whether a close frame may carry this code (RFC 6455 7.4): 1000 to 1014 without those that only describe a connection
 * that ended without a code, and the ranges of libraries (3000) and applications (4000).
 */
export const isSendableCloseCode = (code: number): boolean =>
  Number.isInteger(code) &&
  ((code >= 1000 && code <= 1014 && code !== 1004 && code !== NO_STATUS && code !== ABNORMAL) ||
    (code >= 3000 && code <= 4999))

/** A control frame has at most 125 bytes, of which the close code takes two. */
const REASON_BYTES = 123

/** The reason of a close frame. If its UTF-8 is too long for a control frame, it is cut between two characters. */
export function closeReason(reason: string): string {
  const { read } = new TextEncoder().encodeInto(reason, new Uint8Array(REASON_BYTES))
  return reason.slice(0, read)
}
