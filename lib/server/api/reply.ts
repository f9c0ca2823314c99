// Registered symbols, because the builds for ES modules and for CommonJS each have their own copy of these classes, and
// one program may load both.
const REFUSED: unique symbol = Symbol.for("rookery.Refused")
const STATUS_REPLY: unique symbol = Symbol.for("rookery.StatusReply")

/** Return it from a handler to send no reply. The client's push then ends by its timeout. */
export const noReply: unique symbol = Symbol.for("rookery.noReply")
/** The type of {@link noReply}. */
export type NoReply = typeof noReply

/** A reply with a status other than `ok`; see {@link reply}. */
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

/** Whether the result of a handler was made by {@link reply}. */
export const isStatusReply = (value: unknown): value is StatusReply =>
  typeof value === "object" && value !== null && STATUS_REPLY in value

/**
 * Creates a reply with a status other than `ok`, to be returned from a handler.
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

/** Replies to one push, now or later. Each call sends a reply. */
export type ReplyTo<Ok = unknown> = {
  (status: "ok", response: Ok): void
  (status: string, response?: unknown): void
}

/** The HTTP response to a refused websocket; long-poll reports 403 in its own way. */
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
 * Throw it to refuse: in `connect` the socket, in `join` the join, in a handler the push. The client receives the
 * response as an `error` reply. Other errors tell the client nothing.
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

/** Whether an error is a {@link Refused}. */
export const isRefused = (error: unknown): error is Refused =>
  typeof error === "object" && error !== null && REFUSED in error
