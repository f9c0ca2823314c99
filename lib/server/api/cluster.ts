import type { HistoryOptions, Position } from "../../protocol/recovery.js"

export type { HistoryOptions, Position } from "../../protocol/recovery.js"

/** What is there at once, or promised. */
export type MaybePromise<T> = T | Promise<T>

/** A message that a cluster carries. What is in it is the endpoint's own affair. */
export interface ClusterMessage {
  /** What it is outside of this process; made at the first call. */
  bytes(): Uint8Array
}

/** A message on its way back to an endpoint: as bytes, or as itself where it never left the process. */
export type ClusterBody = Uint8Array | ClusterMessage

/** A message with its place in the topic's history. */
export interface NumberedMessage {
  readonly offset: number
  readonly body: ClusterBody
}

/** A piece of a topic's history. */
export interface HistorySlice {
  readonly epoch: string
  /** The offset of the newest message of the topic; 0 if there was none yet. */
  readonly newest: number
  /** In order, the oldest first. */
  readonly messages: readonly NumberedMessage[]
  /** Whether nothing is missing between the offset that was asked for and the first of them. */
  readonly complete: boolean
}

/** One presence: what a channel of some node tracks. */
export interface PresenceRecord {
  /** Nobody else's, on any node. */
  readonly ref: string
  readonly key: string
  readonly meta: Readonly<Record<string, unknown>>
}

/** What became of the presences of one topic. A ref that joins once more replaces the meta that it had. */
export interface PresenceChange {
  readonly joins: readonly PresenceRecord[]
  /** Refs. */
  readonly leaves: readonly string[]
}

/** What came of asking for a push that may come twice. */
export type Claim =
  /** Nobody had it: do it, then `settle` or `release`. */
  | { readonly kind: "new" }
  /** It was done, and answered with this. */
  | { readonly kind: "settled"; readonly answer: Uint8Array }
  /** Somebody is still at it. */
  | { readonly kind: "pending" }

/** What a cluster tells its node. Nothing here throws. */
export interface ClusterNode {
  /** A message that another node published; never one's own. */
  deliver(topic: string, body: ClusterBody): void
  /**
   * A message that was appended, by any node, this one included: each once, by rising offsets without a gap, as long as
   * the topic is subscribed.
   */
  deliverNumbered(topic: string, epoch: string, message: NumberedMessage): void
  /** Messages of the topic are lost for this node, or its epoch is a new one: whoever recovers has to join anew. */
  lost(topic: string): void
  /** Presences of other nodes changed, on a topic that is subscribed. */
  presence(topic: string, change: PresenceChange): void
  /** All presences of other nodes on a topic: what is not among them is no more. */
  presenceState(topic: string, records: readonly PresenceRecord[]): void
  /** What another node told all the others. */
  command(body: Uint8Array): void
  /** The cluster is out of reach, or back. Told at every change; a cluster begins healthy once `start` is through. */
  health(healthy: boolean): void
  /** Something failed that nobody waits for. */
  failed(error: unknown, where: string, topic?: string): void
}

/**
 * Makes one endpoint of the endpoints of many nodes. Messages it passes on as they are. Everything that
 * reaches for the network rejects with a `RookeryError` of code `cluster_unavailable` where it cannot be done, at once
 * or within a few seconds: nothing here waits for better days.
 */
export interface Cluster {
  /** Called once, before anything else. Resolves once the cluster was reached; rejects if that takes too long, and goes on trying. */
  start(node: ClusterNode): MaybePromise<void>
  /** Tells the other nodes that listen to the topic. */
  publish(topic: string, message: ClusterMessage): MaybePromise<void>
  /**
   * Numbers a message, keeps it and tells every node that listens, this one too: one step, and one order for all. With
   * `once`, the second message of that name does nothing, and gives the first one's place.
   */
  append(topic: string, message: ClusterMessage, history: HistoryOptions, once?: string): MaybePromise<Position>
  /**
   * What is kept behind an offset, the oldest first; without an offset, the newest that are within the limit. Of a topic
   * that is subscribed, everything in it was told by `deliverNumbered` before this resolves.
   */
  history(topic: string, history: HistoryOptions, after: number | undefined, limit: number): MaybePromise<HistorySlice>
  /**
   * The first subscriber of a topic came. Once it resolves, nothing that is published is missed, and `presenceState` was
   * told. Out of reach it resolves at once, and catches up by itself later.
   *
   * @param history what is kept of the topic, if its messages are numbered
   */
  subscribe(topic: string, history?: HistoryOptions): MaybePromise<void>
  /** The last subscriber of a topic went. */
  unsubscribe(topic: string): void
  /** Tells all other nodes something. */
  command(body: Uint8Array): MaybePromise<void>
  /** Presences of this node changed. They end with the node, whichever way it ends. */
  changePresence(topic: string, change: PresenceChange): void
  /** Asks for the right to do something once, by its key. A node that dies with it gives it back after `claimMs`. */
  claim(key: string, claimMs: number): MaybePromise<Claim>
  /** It takes longer: the claim holds for `claimMs` from now on, if it is still this node's. */
  renew(key: string, claimMs: number): MaybePromise<void>
  /** It was done: every later claim within `keepMs` gets this answer. A second one replaces the first. */
  settle(key: string, answer: Uint8Array, keepMs: number): MaybePromise<void>
  /** It was not done: the next claim is a new one, unless somebody has settled or claimed it since. */
  release(key: string): MaybePromise<void>
  /** How many nodes are alive, this one included. */
  nodes(): MaybePromise<number>
  /** Lets go of everything, and takes this node's presences away. */
  close(): MaybePromise<void>
}
