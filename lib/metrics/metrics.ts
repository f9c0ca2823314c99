import type { Counters, EndpointEvents } from "rookery/server"
import { systemClock, type Clock } from "../protocol/clock.js"
import { sampleEventLoopDelay } from "./event-loop-delay.js"
import { CONTENT_TYPE, textOf, type Family, type Labels, type Sample } from "./exposition.js"
import { HELP, type MetricName } from "./help.js"
import { Histogram } from "./histogram.js"

/** An endpoint, as metrics see it. */
export interface MetricsSource {
  counters(): Counters
  /** Whether the other nodes can be reached. */
  readonly healthy: boolean
  on<E extends keyof EndpointEvents>(event: E, handler: (details: EndpointEvents[E]) => void): () => void
}

/** Options of {@link metrics}. */
export interface MetricsOptions {
  /** Labels of every sample, such as the name of the node. */
  readonly labels?: Labels | undefined
  /** For the delay of the event loop. @default the platform's clock */
  readonly clock?: Clock | undefined
}

/** The metrics of an endpoint. */
export interface Metrics {
  /** The media type of {@link Metrics.text}. */
  readonly contentType: string
  /** The metrics as they are now, in Prometheus's text format. */
  text(): string
  /** The metrics as an answer to a request, on platforms that have `Response`. */
  response(): Response
  /** Stops measuring. */
  stop(): void
}

/** The bounds for joins and for the handlers of pushes. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const DELAY_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1]
const RECIPIENTS = [0, 1, 2, 5, 10, 50, 100, 500, 1000, 5000, 10_000, 50_000]

/** Counts by one label. */
class Counts {
  readonly #label: string
  readonly #values = new Map<string, number>()

  /** @param known the values that are shown from the start, so that a rate has a zero to begin from */
  constructor(label: string, known: readonly string[] = []) {
    this.#label = label
    for (const value of known) this.#values.set(value, 0)
  }

  add(value: string): void {
    this.#values.set(value, (this.#values.get(value) ?? 0) + 1)
  }

  samples(): Sample[] {
    return Array.from(this.#values, ([value, count]) => ({ labels: { [this.#label]: value }, value: count }))
  }
}

/**
 * Measures an endpoint, for Prometheus and whatever reads its text format. Call it before clients connect: counts with
 * labels begin with the call.
 *
 * ```ts
 * const measured = metrics(endpoint)
 * createServer((request, response) => {
 *   response.setHeader("content-type", measured.contentType)
 *   response.end(measured.text())
 * }).listen(9464, "127.0.0.1")
 * ```
 */
export function metrics(endpoint: MetricsSource, { labels = {}, clock = systemClock }: MetricsOptions = {}): Metrics {
  const limits = new Counts("limit")
  const refusedJoins = new Counts("reason", ["refused", "crashed", "unmatched", "limit", "timeout"])
  const refusedConnects = new Counts("status")
  const recoveries = new Counts("outcome", ["recovered", "gap"])
  const joins = new Histogram(SECONDS)
  const pushes = new Map<string, Histogram>()
  const recipients = new Histogram(RECIPIENTS)
  const delay = new Histogram(DELAY_SECONDS)

  const stops = [
    sampleEventLoopDelay(delay, clock),
    endpoint.on("limitHit", ({ limit }) => limits.add(limit)),
    endpoint.on("joinRefused", ({ reason }) => refusedJoins.add(reason)),
    endpoint.on("connectRefused", ({ status }) => refusedConnects.add(String(status))),
    endpoint.on("channelJoined", ({ durationMs, recovered }) => {
      joins.observe(durationMs / 1000)
      if (recovered !== undefined) recoveries.add(recovered ? "recovered" : "gap")
    }),
    endpoint.on("pushHandled", ({ status = "none", durationMs }) => {
      // A handler may reply with a status of its own; labels must not grow with what handlers make up.
      const label = status === "ok" || status === "error" || status === "none" ? status : "other"
      let histogram = pushes.get(label)
      if (histogram === undefined) pushes.set(label, (histogram = new Histogram(SECONDS)))
      histogram.observe(durationMs / 1000)
    }),
    endpoint.on("broadcast", (sent) => recipients.observe(sent.recipients)),
  ]

  const labelled: Readonly<Record<string, Counts>> = {
    rookery_limits_hit_total: limits,
    rookery_joins_refused_total: refusedJoins,
    rookery_connects_refused_total: refusedConnects,
  }

  const family = (name: MetricName, type: Family["type"], samples: readonly Sample[]): Family => ({
    name,
    type,
    help: HELP[name],
    samples,
  })

  function text(): string {
    const counters = Object.entries(endpoint.counters()) as [keyof Counters, number][]
    const counted = counters.map(([name, value]) =>
      family(name, name.endsWith("_total") ? "counter" : "gauge", labelled[name]?.samples() ?? [{ value }]),
    )
    const ofPushes = Array.from(pushes, ([status, those]) => those.samples({ status })).flat()
    const families = [
      ...counted,
      family("rookery_recoveries_total", "counter", recoveries.samples()),
      family("rookery_cluster_healthy", "gauge", [{ value: endpoint.healthy ? 1 : 0 }]),
      family("rookery_join_duration_seconds", "histogram", joins.samples()),
      family("rookery_push_duration_seconds", "histogram", ofPushes),
      family("rookery_broadcast_recipients", "histogram", recipients.samples()),
      family("rookery_event_loop_delay_seconds", "histogram", delay.samples()),
    ]
    return textOf(families, labels)
  }

  return {
    contentType: CONTENT_TYPE,
    text,
    response: () => new Response(text(), { headers: { "content-type": CONTENT_TYPE } }),
    stop: () => {
      for (const stop of stops) stop()
    },
  }
}
