/** A place in the history of a topic. Offsets count its messages from 1; with a new epoch they start anew. */
export interface Position {
  readonly epoch: string
  readonly offset: number
}

/** The key by which a client that recovers adds to its join params, and the server to the join's response. */
export const RECOVER = "recover"

/** The params of a join that recovers: the client's id, and the last message it saw, if any. */
export interface RecoverRequest extends Partial<Position> {
  /** The same at every join of one channel of the client: what `broadcastFrom` left out for it is not sent later. */
  readonly id: string
  /** At a join without a position: how many messages from before it to send. */
  readonly rewind?: number
}

/** The last message that a client has seen; or how many messages one that has seen none asks for. */
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
