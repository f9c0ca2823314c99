import type { LimitName } from "rookery/server"

/** The target of an attack. */
export type ClassName = "weight" | "time a turn" | "connections" | "the edge" | "exactly once" | "chat"

/** The endpoint's report since the last one. */
export interface ServerReport {
  /** The number of hits of each limit. */
  readonly hits: Partial<Record<LimitName, number>>
  readonly refused: number
  readonly rejected: number
  readonly malformed: number
  readonly joinsRefused: number
  /** The current numbers. */
  readonly sockets: number
  readonly channels: number
  readonly topics: number
  /** The 99th percentile of the turns of the event loop, in milliseconds. */
  readonly loopP99: number
  readonly loopMax: number
  /** Seconds of CPU. */
  readonly cpu: number
  /** The memory in bytes: now, after a garbage collection if that was asked for, and the most. */
  readonly used: number
  readonly rss: number
  readonly mostUsed: number
  readonly mostRss: number
  readonly mostSockets: number
  /** The most TCP connections that the process held, with those of honest clients. */
  readonly mostConnections: number
  /** The number of calls of `connect` at a path that allows five. */
  readonly asked: number
  /** The most runs of a handler for one key. */
  readonly mostRuns: number
  /** The first thrown error, if there was one. */
  readonly error: string | undefined
}

/** The honest clients' report since the last one. */
export interface HonestReport {
  /** The milliseconds from a push to its reply, the smallest first. */
  readonly latencies: readonly number[]
  /** The milliseconds that new clients need from their start to a joined room. */
  readonly arrivals: readonly number[]
  /** The number of unanswered pushes, failed joins and lost connections. */
  readonly lost: number
  /** The 99th percentile of the process's own delays, which the endpoint did not cause. */
  readonly loopP99: number
  /** Seconds of CPU. */
  readonly cpu: number
}

/** The actions of attackers, and their outcomes. */
export interface AttackReport {
  readonly times: number
  /** The answers that attackers got, or the ends of their connections. */
  readonly outcomes: Readonly<Record<string, number>>
  /** Seconds of CPU. */
  readonly cpu: number
  /** The number of attacks that came through. */
  readonly gotIn: number
}

/** A question to the server. */
export type ServerQuestion = "report" | "settle"

/** An order to the attackers. */
export interface Order {
  readonly attack: string
  readonly seed: number
  readonly forMs: number
  readonly from: string
}

/** The quantile of sorted values. */
export const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
