/**
 * The kind of an error, as a word to switch on. Messages are for people and may change; codes do not.
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
  | "too_heavy"
  | "unencodable"
  | "connect_failed"
  | "connect_refused"
  | "unauthenticated"
  | "cluster_unavailable"
  | "handler_failed"
  | "worker_failed"
  | "already_joined"
  | "not_joined"
  | "params_differ"
  | "already_tracked"
  | "not_tracked"
  | "bad_option"
  | "no_socket"
  | "destroyed"

/** Every error of Rookery: a `code` to switch on, a `message` that says what to do, and the `cause` if there is one. */
export class RookeryError<Code extends ErrorCode = ErrorCode> extends Error {
  readonly code: Code

  constructor(code: Code, message: string, cause?: unknown) {
    super(
      cause instanceof RookeryError ? `${message}: ${cause.message}` : message,
      cause === undefined ? cause : { cause },
    )
    // Not the name of the class, which a minifier shortens.
    this.name = `RookeryError [${code}]`
    this.code = code
  }
}

/** The server answered a push or a join with a status other than `ok`. */
export class PushError<Response = unknown> extends RookeryError<"refused"> {
  /** `error`, or a custom status of the server. */
  readonly status: string
  /** The server's response: for `error` usually `{ reason }`. */
  readonly response: Response

  constructor(push: unknown, status: string, response: Response) {
    const reason = (response as { reason?: unknown } | null)?.reason
    super("refused", `${push} was refused: ${reason || status}`)
    this.status = status
    this.response = response
  }
}

/** No answer came in time. */
export class TimeoutError extends RookeryError<"timeout"> {}

/** The connection ended while a reply was pending, so it is unknown whether the server handled the push. */
export class DisconnectedError extends RookeryError<"disconnected"> {}

/** The channel was left, closed by the server, or crashed, so no reply can come any more. */
export class ChannelClosedError extends RookeryError<"channel_closed" | "channel_crashed"> {}

/** The error of a push to a channel that has ended. */
export const channelClosed = (push: unknown): ChannelClosedError =>
  new ChannelClosedError("channel_closed", `${push}: the channel is closed; join() it first`)

/** The error of a push that gets no reply because the connection is lost or the channel crashed. */
export const unanswered = (push: unknown, isDown: boolean): RookeryError =>
  isDown
    ? new DisconnectedError("disconnected", `${push}: the connection was lost; push with retry`)
    : new ChannelClosedError("channel_crashed", `${push}: the channel crashed`)

/** A bounded buffer is full. */
export class BufferFullError extends RookeryError<"buffer_full"> {}

/** The error of a full buffer. */
export const bufferFull = (what: string): BufferFullError =>
  new BufferFullError("buffer_full", `the buffer of ${what} is full; slow down`)

/** Why a serializer cannot decode a frame, or encode a message. */
export type SerializerErrorCode = "bad_frame" | "too_heavy" | "unencodable"

/** A frame that is not a message of the protocol, or a message that the serializer cannot encode. */
export class SerializerError extends RookeryError<SerializerErrorCode> {
  /** The place: a part of the message (`payload`, `topic`), or a byte offset. */
  readonly at: string | number | undefined

  constructor(code: SerializerErrorCode, message: string, at?: string | number, cause?: unknown) {
    super(code, at === undefined ? message : `${message} (at ${at})`, cause)
    this.at = at
  }
}

/** An attempt to connect failed; `status` is the HTTP status, if the platform reveals it, as Node does. */
export class ConnectError extends RookeryError<"connect_failed" | "connect_refused"> {
  /** The HTTP status of the refusal, if the platform reveals it. */
  readonly status: number | undefined

  constructor(message: string, status?: number, cause?: unknown) {
    super(status ? "connect_refused" : "connect_failed", message, cause)
    this.status = status
  }
}

/**
 * Whether an error is one of Rookery's. Unlike `instanceof`, it works between the ES modules and the CommonJS of one
 * program.
 */
export const isRookeryError = (error: unknown): error is RookeryError =>
  error instanceof Error && error.name.startsWith("RookeryError [")

/**
 * Whether an error is the server's refusal of a push or a join. The error of a {@link PushResult} keeps the response
 * type of the contract; for any other error, `Response` is the type.
 */
export const isRefused = <Response = unknown>(error: unknown): error is PushError<Response> =>
  isRookeryError(error) && error.code === "refused"
