import type { Counters, EndpointEvents } from "rookery/server"
import type { Clock } from "../protocol/clock.js"
import { sampleEventLoopDelay } from "./event-loop-delay.js"

/** An endpoint, as metrics see it. */
export interface MetricsSource {
  counters(): Counters
  /** Whether the other nodes can be reached. */
  readonly healthy: boolean
  on<E extends keyof EndpointEvents>(event: E, handler: (details: EndpointEvents[E]) => void): () => void
}

/** The bounds for joins and for the handlers of pushes. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const DELAY_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1]
const RECIPIENTS = [0, 1, 2, 5, 10, 50, 100, 500, 1000, 5000, 10_000, 50_000]

/** The name of a count with a label. */
export type CountName =
  | "rookery_limits_hit_total"
  | "rookery_joins_refused_total"
  | "rookery_connects_refused_total"
  | "rookery_recoveries_total"

/** The name of a histogram. */
export type HistogramName =
  | "rookery_join_duration_seconds"
  | "rookery_push_duration_seconds"
  | "rookery_broadcast_recipients"
  | "rookery_event_loop_delay_seconds"

/** The label of each count, and the values that are shown from the start, so that a rate has a zero to begin from. */
export const COUNTS: Readonly<Record<CountName, { label: string; known: readonly string[] }>> = {
  rookery_limits_hit_total: { label: "limit", known: [] },
  rookery_joins_refused_total: {
    label: "reason",
    known: ["refused", "crashed", "unmatched", "limit", "timeout"],
  },
  rookery_connects_refused_total: { label: "status", known: [] },
  rookery_recoveries_total: { label: "outcome", known: ["recovered", "gap"] },
}

/** The upper bounds of the buckets of each histogram, and its label if it has one. */
export const HISTOGRAMS: Readonly<Record<HistogramName, { bounds: readonly number[]; label?: string }>> = {
  rookery_join_duration_seconds: { bounds: SECONDS },
  rookery_push_duration_seconds: { bounds: SECONDS, label: "status" },
  rookery_broadcast_recipients: { bounds: RECIPIENTS },
  rookery_event_loop_delay_seconds: { bounds: DELAY_SECONDS },
}

/** Receives the measurements. */
export interface Measured {
  /** Adds 1 to a count, for one value of its label. */
  count(name: CountName, value: string): void
  /** Adds what was measured to a histogram, for one value of its label if it has one. */
  record(name: HistogramName, measured: number, value?: string): void
}

/**
 * Measures what the counters of an endpoint do not include.
 *
 * @returns a function that stops it
 */
export function measure(endpoint: MetricsSource, clock: Clock, measured: Measured): () => void {
  const stops = [
    sampleEventLoopDelay((seconds) => measured.record("rookery_event_loop_delay_seconds", seconds), clock),
    endpoint.on("limitHit", ({ limit }) => measured.count("rookery_limits_hit_total", limit)),
    endpoint.on("joinRefused", ({ reason }) => measured.count("rookery_joins_refused_total", reason)),
    endpoint.on("connectRefused", ({ status }) => measured.count("rookery_connects_refused_total", String(status))),
    endpoint.on("channelJoined", ({ durationMs, recovered }) => {
      measured.record("rookery_join_duration_seconds", durationMs / 1000)
      if (recovered !== undefined) measured.count("rookery_recoveries_total", recovered ? "recovered" : "gap")
    }),
    endpoint.on("pushHandled", ({ status = "none", durationMs }) => {
      // A handler may reply with a custom status, and the number of labels must stay bounded.
      const label = status === "ok" || status === "error" || status === "none" ? status : "other"
      measured.record("rookery_push_duration_seconds", durationMs / 1000, label)
    }),
    endpoint.on("broadcast", ({ recipients }) => measured.record("rookery_broadcast_recipients", recipients)),
  ]
  return () => {
    for (const stop of stops) stop()
  }
}
