/** A place in the history of a topic. Offsets count its messages from 1; a new epoch starts again at 1. */
export interface Position {
  readonly epoch: string
  readonly offset: number
}

/** The key that a recovering client adds to its join params, and the server to the join's response. */
export const RECOVER = "recover"

/** The params of a join that recovers: the client's id, and the last message it saw, if any. */
export interface RecoverRequest extends Partial<Position> {
  /**
   * The same at every join of a channel, so that messages that `broadcastFrom` did not send to it are not sent later
   * either.
   */
  readonly id: string
  /** For a join without a position: how many messages from before the join to send. */
  readonly rewind?: number
}

/** The last message that a client has seen; or, if it has seen none, how many messages it asks for. */
export type Seen = Partial<Position> & Pick<RecoverRequest, "rewind">

/** The answer: the position of the topic, and whether all messages since are on their way. */
export interface RecoverResponse extends Position {
  readonly recovered: boolean
}

/** The number and the age of the broadcasts that a channel keeps. */
export interface HistoryOptions {
  /** How many messages of each topic. */
  readonly size: number
  /** For how long, in milliseconds. */
  readonly ttl: number
}
