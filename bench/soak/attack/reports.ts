import type { LimitName } from "rookery/server"

/** What an attack is aimed at. */
export type ClassName = "weight" | "time a turn" | "connections" | "the edge" | "exactly once" | "chat"

/** What the endpoint tells of itself since it was asked last. */
export interface ServerReport {
  /** Hits of each limit. */
  readonly hits: Partial<Record<LimitName, number>>
  readonly refused: number
  readonly rejected: number
  readonly malformed: number
  readonly joinsRefused: number
  /** How things stand. */
  readonly sockets: number
  readonly channels: number
  readonly topics: number
  /** The longest that the event loop took, but for one turn of a hundred; milliseconds. */
  readonly loopP99: number
  readonly loopMax: number
  /** Seconds of CPU. */
  readonly cpu: number
  /** Bytes: now, after a collection if that was asked for, and at most. */
  readonly used: number
  readonly rss: number
  readonly mostUsed: number
  readonly mostRss: number
  readonly mostSockets: number
  /** TCP connections that the process held at most, those of honest clients too. */
  readonly mostConnections: number
  /** How often `connect` was asked at a path that may ask it five times. */
  readonly asked: number
  /** How often a handler ran for one key, at most. */
  readonly mostRuns: number
  /** The first of what threw, if anything did. */
  readonly error: string | undefined
}

/** What honest clients have seen since they were asked last. */
export interface HonestReport {
  /** Milliseconds from a push to its reply, the smallest first. */
  readonly latencies: readonly number[]
  /** Milliseconds from nothing to a joined room, for who comes anew. */
  readonly arrivals: readonly number[]
  /** Pushes that were not answered, rooms that were not joined, lines that were lost. */
  readonly lost: number
  /** How late the process itself was, but for one turn of a hundred: what is not the endpoint's doing. */
  readonly loopP99: number
  /** Seconds of CPU. */
  readonly cpu: number
}

/** What attackers did, and how that ended. */
export interface AttackReport {
  readonly times: number
  /** What attackers were told, or how their lines ended. */
  readonly outcomes: Readonly<Record<string, number>>
  /** Seconds of CPU. */
  readonly cpu: number
  /** What came through that must not. */
  readonly gotIn: number
}

/** What the server is asked. */
export type ServerQuestion = "report" | "settle"

/** What the attackers are told to do. */
export interface Order {
  readonly attack: string
  readonly seed: number
  readonly forMs: number
  readonly from: string
}

/** The value of which so many hundredths are no larger. */
export const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
