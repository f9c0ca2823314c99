import type { HistoryOptions, Position } from "../../protocol/recovery.js"

export type { HistoryOptions, Position } from "../../protocol/recovery.js"

/** A value, or a promise of it. */
export type MaybePromise<T> = T | Promise<T>

/** A message that a cluster carries. The cluster does not look into it. */
export interface ClusterMessage {
  /** The message as bytes, for other processes. Encoded at the first call. */
  bytes(): Uint8Array
}

/** A message on its way to an endpoint: bytes, or the message itself if it never left the process. */
export type ClusterBody = Uint8Array | ClusterMessage

/** A message with its offset in the topic's history. */
export interface NumberedMessage {
  readonly offset: number
  readonly body: ClusterBody
}

/** A piece of a topic's history. */
export interface HistorySlice {
  readonly epoch: string
  /** The offset of the newest message of the topic; 0 if the topic has none yet. */
  readonly newest: number
  /** The oldest first. */
  readonly messages: readonly NumberedMessage[]
  /** Whether no message is missing between the requested offset and the first of these. */
  readonly complete: boolean
}

/** One presence: a key and a meta that a channel on some node tracks. */
export interface PresenceRecord {
  /** Unique across all nodes. */
  readonly ref: string
  readonly key: string
  readonly meta: Readonly<Record<string, unknown>>
}

/** A change of the presences of one topic. A ref that joins a second time replaces its earlier meta. */
export interface PresenceChange {
  readonly joins: readonly PresenceRecord[]
  /** Refs. */
  readonly leaves: readonly string[]
}

/** The answer to {@link Cluster.claim}, asked for a push that a client may send twice. */
export type Claim =
  /** The key was free: do the work, then call `settle` or `release`. */
  | { readonly kind: "new" }
  /** The work was done, with this answer. */
  | { readonly kind: "settled"; readonly answer: Uint8Array }
  /** Another claim holds the key: its work is not done yet. */
  | { readonly kind: "pending" }

/** The calls that a cluster makes to its node. None of them throws. */
export interface ClusterNode {
  /** Delivers a message that another node published. Never called for this node's own messages. */
  deliver(topic: string, body: ClusterBody): void
  /**
   * Delivers a message that any node appended, this one included. While the topic is subscribed, each message is
   * delivered once, in the order of the offsets, without a gap.
   */
  deliverNumbered(topic: string, epoch: string, message: NumberedMessage): void
  /** Messages of the topic are lost for this node, or its epoch has changed: channels that recover must join again. */
  lost(topic: string): void
  /** Presences of other nodes changed, on a topic that is subscribed. */
  presence(topic: string, change: PresenceChange): void
  /** All presences of other nodes on a topic. Presences that are not among them have ended. */
  presenceState(topic: string, records: readonly PresenceRecord[]): void
  /** Handles a command that another node sent to all nodes. */
  command(body: Uint8Array): void
  /**
   * The cluster became unreachable, or reachable again. Called at every change; healthy is assumed once `start`
   * resolves.
   */
  health(healthy: boolean): void
  /** Reports the failure of work that no caller awaits. */
  failed(error: unknown, where: string, topic?: string): void
}

/**
 * Connects the endpoints of many nodes, so that they act as one. Messages are passed on unchanged. If the network
 * cannot be reached, a call rejects with a `RookeryError` of code `cluster_unavailable`, at once or within a few
 * seconds: no call waits until the network is back.
 */
export interface Cluster {
  /**
   * Called once, before every other call. Resolves once the cluster is reached; rejects if that takes too long, and
   * goes on trying.
   */
  start(node: ClusterNode): MaybePromise<void>
  /** Sends a message to the other nodes that are subscribed to the topic. */
  publish(topic: string, message: ClusterMessage): MaybePromise<void>
  /**
   * Numbers a message, keeps it and delivers it to every subscribed node, including this one, in one atomic step: all
   * nodes see the same order. With `once`, a second message of that name is not kept; the call returns the first one's
   * position.
   */
  append(topic: string, message: ClusterMessage, history: HistoryOptions, once?: string): MaybePromise<Position>
  /**
   * Reads the messages that are kept after an offset, the oldest first; without an offset, the newest ones within the
   * limit. If the topic is subscribed, every message in the result was passed to `deliverNumbered` before this
   * resolves.
   */
  history(topic: string, history: HistoryOptions, after: number | undefined, limit: number): MaybePromise<HistorySlice>
  /**
   * Called for the first subscriber of a topic. Once it resolves, no published message is missed and `presenceState`
   * was called. If the cluster is unreachable it resolves at once, and the cluster catches up by itself later.
   *
   * @param history the history options of the topic, if its messages are numbered
   */
  subscribe(topic: string, history?: HistoryOptions): MaybePromise<void>
  /** Called when the last subscriber of a topic is gone. */
  unsubscribe(topic: string): void
  /** Sends a command to all other nodes. */
  command(body: Uint8Array): MaybePromise<void>
  /** Shares a change of this node's presences. They end when the node ends, also if it crashes. */
  changePresence(topic: string, change: PresenceChange): void
  /** Claims the right to do the work of a key once. If the node dies, the claim ends after `claimMs`. */
  claim(key: string, claimMs: number): MaybePromise<Claim>
  /** Extends a claim, if this node still holds it, to `claimMs` from now. */
  renew(key: string, claimMs: number): MaybePromise<void>
  /**
   * Ends a claim whose work was done: later claims within `keepMs` get this answer. A second answer replaces the first.
   */
  settle(key: string, answer: Uint8Array, keepMs: number): MaybePromise<void>
  /** Ends a claim whose work was not done: the key is free again, unless it was settled or claimed since. */
  release(key: string): MaybePromise<void>
  /** Counts the living nodes, including this one. */
  nodes(): MaybePromise<number>
  /** Frees all resources and removes this node's presences. */
  close(): MaybePromise<void>
}
