// A program that has the package as ES modules and as CommonJS has this file twice; by these the one knows the other's.
const REFUSED: unique symbol = Symbol.for("rookery.Refused")
const STATUS_REPLY: unique symbol = Symbol.for("rookery.StatusReply")

/** What a handler returns to give no answer; the client's push ends by its timeout. */
export const noReply: unique symbol = Symbol.for("rookery.noReply")
/** The type of {@link noReply}. */
export type NoReply = typeof noReply

/** An answer with a status of its own; see {@link reply}. */
export class StatusReply<Status extends string = string, Response = unknown> {
  readonly status: Status
  readonly response: Response

  constructor(status: Status, response: Response) {
    this.status = status
    this.response = response
  }

  /** @internal */
  get [STATUS_REPLY](): true {
    return true
  }
}

/** Whether a handler returned it by {@link reply}. */
export const isStatusReply = (value: unknown): value is StatusReply =>
  typeof value === "object" && value !== null && STATUS_REPLY in value

/**
 * What a handler returns to answer with another status than `ok`.
 *
 * ```ts
 * receive: { take: () => reply("busy", { retry: 1 }) }
 * ```
 */
export function reply<Status extends string>(status: Status): StatusReply<Status, Record<string, never>>
export function reply<Status extends string, Response>(
  status: Status,
  response: Response,
): StatusReply<Status, Response>
export function reply(status: string, response: unknown = {}): StatusReply {
  return new StatusReply(status, response)
}

/** Answers one push, now or later, as often as it is called. */
export type ReplyTo<Ok = unknown> = {
  (status: "ok", response: Ok): void
  (status: string, response?: unknown): void
}

/** How a refused connect is answered over websocket; long-poll tells 403 in its own way. */
export interface RefusedConnect {
  /**
   * The HTTP status.
   *
   * @default 403
   */
  status?: number
  /**
   * The body, as plain text.
   *
   * @default none
   */
  body?: string
}

/**
 * Thrown to refuse: in `connect` the socket, in `join` the join, in a handler the push. The response goes to the client
 * as the `error` reply; everything else that is thrown tells the client nothing.
 */
export class Refused<Response = unknown> extends Error {
  readonly response: Response
  readonly connect: RefusedConnect

  constructor(response: Response, connect: RefusedConnect = {}) {
    super("refused")
    this.name = "Refused"
    this.response = response
    this.connect = connect
  }

  /** @internal */
  get [REFUSED](): true {
    return true
  }
}

/** Whether it was thrown to refuse. */
export const isRefused = (error: unknown): error is Refused =>
  typeof error === "object" && error !== null && REFUSED in error
