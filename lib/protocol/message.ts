/**
 * The value that matches a reply to its push. Phoenix returns a ref unchanged, so a peer that uses numbers gets numbers
 * back; Rookery itself uses strings, as phoenix.js does.
 */
export type Ref = string | number | null

/**
 * One message of the protocol. Its parts have the same names as in phoenix.js.
 *
 * A decoded message has these five parts, but their types are not guaranteed: Phoenix accepts topics and events of any
 * type and answers `unmatched topic`. Code that looks up a topic or an event in a `Map` needs no check.
 */
export interface Message<Payload = unknown> {
  /** The ref of the join that this message belongs to; `null` for broadcasts and for the socket's own messages. */
  join_ref: Ref
  /** The ref that the answer will carry; `null` if none is expected. */
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
