import type { Ref } from "./message.js"

/**
 * What went wrong, as a word to switch on. Messages are for people and may change; codes do not.
 */
export type ErrorCode =
  | "refused"
  | "timeout"
  | "disconnected"
  | "channel_closed"
  | "channel_crashed"
  | "aborted"
  | "buffer_full"
  | "bad_frame"
  | "unencodable"
  | "connect_failed"
  | "connect_refused"
  | "handler_failed"
  | "already_joined"
  | "not_joined"
  | "params_differ"
  | "already_tracked"
  | "not_tracked"
  | "bad_option"
  | "destroyed"

/** Every error of Rookery: a `code` to switch on, a `message` that says what to do, and the `cause` if there is one. */
export class RookeryError extends Error {
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = new.target.name
    this.code = code
  }
}

/** The server answered a push or a join with another status than `ok`. */
export class PushError<Response = unknown> extends RookeryError {
  /** `error`, or a status of the server's own. */
  readonly status: string
  /** What the server said: for `error` mostly `{ reason }`. */
  readonly response: Response

  constructor(what: string, status: string, response: Response) {
    super("refused", `${what} was answered with "${status}"`)
    this.status = status
    this.response = response
  }
}

/** No answer came in time. */
export class TimeoutError extends RookeryError {
  constructor(what: string, ms: number) {
    super("timeout", `${what}: no answer within ${ms} ms`)
  }
}

/** The connection ended while an answer was pending, so nobody knows whether the server acted on it. */
export class DisconnectedError extends RookeryError {
  constructor(what: string, cause?: unknown) {
    super("disconnected", `${what}: the connection ended before the answer came; push again, or use { retry: true }`, cause)
  }
}

/** The channel was left, closed by the server, or crashed, so that no answer can come any more. */
export class ChannelClosedError extends RookeryError {}

/** A bounded buffer is full. */
export class BufferFullError extends RookeryError {
  constructor(what: string, limit: number) {
    super("buffer_full", `${what}: ${limit} are waiting already; slow down, or raise the limit`)
  }
}

/** A frame that is none of the protocol, or a message that the serializer cannot write. */
export class SerializerError extends RookeryError {
  /** Where: a part of the message (`payload`, `topic`), or the offset of a byte. */
  readonly at: string | number | undefined

  constructor(code: "bad_frame" | "unencodable", message: string, at?: string | number, cause?: unknown) {
    super(code, at === undefined ? message : `${message} (at ${at})`, cause)
    this.at = at
  }
}

/** An attempt to connect failed; `status` says why where the platform tells (in Node, the HTTP status). */
export class ConnectError extends RookeryError {
  /** The HTTP status of the refusal, if the platform tells. */
  readonly status: number | undefined

  constructor(message: string, status?: number, cause?: unknown) {
    super(status === undefined ? "connect_failed" : "connect_refused", message, cause)
    this.status = status
  }
}

/** The name a push goes by in an error: `push "new_msg" to room:lobby`. */
export function describePush(topic: string, event: string, ref?: Ref): string {
  return `push "${event}" to ${topic}${ref === undefined || ref === null ? "" : ` (ref ${ref})`}`
}
