/** A place in the history of a topic. Offsets count its messages from 1; with a new epoch they start anew. */
export interface Position {
  readonly epoch: string
  readonly offset: number
}

/** The key by which a client that recovers adds to its join params, and the server to the join's response. */
export const RECOVER = "recover"

/** What a client that recovers sends with a join: who it is, and the last it saw, if it saw anything. */
export interface RecoverRequest extends Partial<Position> {
  /** The same at every join of one channel of the client: what `broadcastFrom` left out for it is not sent later. */
  readonly id: string
}

/** What it is answered: where the topic stands, and whether everything since is on its way. */
export interface RecoverResponse extends Position {
  readonly recovered: boolean
}

/** What of a channel's broadcasts is kept. */
export interface HistoryOptions {
  /** How many messages of each topic. */
  readonly size: number
  /** For how long, in milliseconds. */
  readonly ttl: number
}
