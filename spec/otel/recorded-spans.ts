import type { Tracer } from "@opentelemetry/api"
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type ReadableSpan,
} from "@opentelemetry/sdk-trace-base"

/** Tracers of OpenTelemetry's SDK, and the spans of theirs that have ended. */
export interface RecordedSpans {
  tracer(name: string): Tracer
  ended(): ReadableSpan[]
}

/** Records spans in memory. */
export function recordedSpans(): RecordedSpans {
  const exporter = new InMemorySpanExporter()
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
  return { tracer: (name) => provider.getTracer(name), ended: () => exporter.getFinishedSpans() }
}

/** A time of OpenTelemetry, seconds and nanoseconds, in milliseconds. */
export const msOf = ([seconds, nanos]: ReadableSpan["startTime"]): number => seconds * 1000 + nanos / 1_000_000
