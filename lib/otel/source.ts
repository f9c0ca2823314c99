import type { MetricsSource } from "../metrics/measure.js"

/** An endpoint, as OpenTelemetry sees it. */
export interface OtelSource extends MetricsSource {
  /** The pattern that serves a topic. */
  patternOf(topic: string): string | undefined
}
