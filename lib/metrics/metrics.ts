import type { Counters } from "rookery/server"
import { systemClock, type Clock } from "../protocol/clock.js"
import { CONTENT_TYPE, textOf, type Family, type Labels, type Sample } from "./exposition.js"
import { HELP, type MetricName } from "./help.js"
import { Histogram } from "./histogram.js"
import { COUNTS, HISTOGRAMS, measure, type HistogramName, type MetricsSource } from "./measure.js"

/** Options of {@link metrics}. */
export interface MetricsOptions {
  /** Labels of every sample, such as the name of the node. */
  readonly labels?: Labels | undefined
  /** Measures the event loop's delay. @default the platform's clock */
  readonly clock?: Clock | undefined
}

/** The metrics of an endpoint. */
export interface Metrics {
  /** The media type of {@link Metrics.text}. */
  readonly contentType: string
  /** The current metrics, in Prometheus's text format. */
  text(): string
  /** The metrics as an answer to a request, on platforms that have `Response`. */
  response(): Response
  /** Stops measuring. */
  stop(): void
}

/** Counts by one label. */
class Counts {
  readonly #label: string
  readonly #values = new Map<string, number>()

  /** @param known the values that are shown from the start */
  constructor(label: string, known: readonly string[]) {
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

/** The histograms of one name: a single one, or one for each value of a label. */
class Histograms {
  readonly #bounds: readonly number[]
  readonly #label: string | undefined
  readonly #histograms = new Map<string | undefined, Histogram>()

  constructor(bounds: readonly number[], label: string | undefined) {
    this.#bounds = bounds
    this.#label = label
    if (label === undefined) this.#histograms.set(undefined, new Histogram(bounds))
  }

  observe(measured: number, value: string | undefined): void {
    let histogram = this.#histograms.get(value)
    if (histogram === undefined) this.#histograms.set(value, (histogram = new Histogram(this.#bounds)))
    histogram.observe(measured)
  }

  samples(): Sample[] {
    const label = this.#label
    return Array.from(this.#histograms, ([value, histogram]) =>
      histogram.samples(label === undefined || value === undefined ? undefined : { [label]: value }),
    ).flat()
  }
}

/**
 * Measures an endpoint, for Prometheus and other readers of its text format. Call it before clients connect: counts
 * with labels start at the call.
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
  const counts = new Map<string, Counts>()
  for (const [name, { label, known }] of Object.entries(COUNTS)) counts.set(name, new Counts(label, known))
  const histograms = new Map<string, Histograms>()
  for (const [name, { bounds, label }] of Object.entries(HISTOGRAMS))
    histograms.set(name, new Histograms(bounds, label))

  const stop = measure(endpoint, clock, {
    count: (name, value) => counts.get(name)?.add(value),
    record: (name, measured, value) => histograms.get(name)?.observe(measured, value),
  })

  const family = (name: MetricName, type: Family["type"], samples: readonly Sample[]): Family => ({
    name,
    type,
    help: HELP[name],
    samples,
  })

  function text(): string {
    const counters = Object.entries(endpoint.counters()) as [keyof Counters, number][]
    const counted = counters.map(([name, value]) =>
      family(name, name.endsWith("_total") ? "counter" : "gauge", counts.get(name)?.samples() ?? [{ value }]),
    )
    const families = [
      ...counted,
      family("rookery_recoveries_total", "counter", counts.get("rookery_recoveries_total")?.samples() ?? []),
      family("rookery_cluster_healthy", "gauge", [{ value: endpoint.healthy ? 1 : 0 }]),
      ...Array.from(histograms, ([name, those]) => family(name as HistogramName, "histogram", those.samples())),
    ]
    return textOf(families, labels)
  }

  return {
    contentType: CONTENT_TYPE,
    text,
    response: () => new Response(text(), { headers: { "content-type": CONTENT_TYPE } }),
    stop,
  }
}
