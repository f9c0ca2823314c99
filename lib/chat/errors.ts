import { RookeryError, type ErrorCode } from "rookery"

/** Every error that the chat's clients throw. */
export class ClientError<Code extends ErrorCode = ErrorCode> extends RookeryError<Code> {}

/** There is no connection, or it could not be made in time. */
export class ConnectionError extends ClientError<"connect_failed" | "disconnected" | "timeout"> {}

/** Nobody is logged in: there is no session, it has ended, or the link was used already. */
export class AuthenticationError extends ClientError<"unauthenticated"> {
  constructor(message: string, cause?: unknown) {
    super("unauthenticated", message, cause)
  }
}
