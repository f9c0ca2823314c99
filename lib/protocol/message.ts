/**
 * The value that ties a reply to its push. Phoenix sends a ref back as it came, so a peer that counts in numbers is answered
 * in numbers; Rookery itself counts in strings, as phoenix.js does.
 */
export type Ref = string | number | null

/**
 * One message of the protocol, by the names that phoenix.js gives its parts.
 *
 * A decoded message has these five parts, and nothing more is promised of what a peer sent: Phoenix takes topics and
 * events of any kind and answers `unmatched topic`. Code that looks a topic or an event up in a `Map` needs no check.
 */
export interface Message<Payload = unknown> {
  /** The ref of the join that this message belongs to; `null` for broadcasts and for the socket's own messages. */
  join_ref: Ref
  /** The ref that the answer will carry; `null` where none is expected. */
  ref: Ref
  topic: string
  event: string
  payload: Payload
  /** The broadcast's place in the history of its topic, for a client that recovers. */
  offset?: number | undefined
}

/** The payload of a `phx_reply`. */
export interface Reply<Response = unknown> {
  status: string
  response: Response
}
