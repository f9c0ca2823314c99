import { RookeryError, type ErrorCode } from "rookery"

/** The base class of the errors that the chat's clients throw. */
export class ClientError<Code extends ErrorCode = ErrorCode> extends RookeryError<Code> {}

/** The client is not connected, or could not connect in time. */
export class ConnectionError extends ClientError<"connect_failed" | "disconnected" | "timeout"> {}

/** The user is not logged in: there is no session, it has ended, or the link was used already. */
export class AuthenticationError extends ClientError<"unauthenticated"> {
  constructor(message: string, cause?: unknown) {
    super("unauthenticated", message, cause)
  }
}
