import { systemClock, type Clock } from "../protocol/clock.js"
import { RookeryError } from "../protocol/errors.js"
import type { ContextLike, MeterLike, SpanContextLike, TracerLike } from "./api.js"
import { instrument } from "./instruments.js"
import type { OtelSource } from "./source.js"
import { trace } from "./spans.js"

/** Options of {@link otel}. */
export interface OtelOptions {
  /** Creates the spans: `trace.getTracer("chat")` of `@opentelemetry/api`. @default no spans */
  readonly tracer?: TracerLike | undefined
  /** Creates the instruments: `metrics.getMeter("chat")` of `@opentelemetry/api`. @default no instruments */
  readonly meter?: MeterLike | undefined
  /**
   * Creates a context from the span that a client's push carries (see `traced()`), with `(span) =>
   * trace.setSpanContext(ROOT_CONTEXT, span)` of `@opentelemetry/api`. The push's span is then a child of that span,
   * and a sampler that follows the parent records whatever clients ask for.
   *
   * @default none: the span of each push begins a trace, whatever the push carries
   */
  readonly remoteParent?: ((span: SpanContextLike) => ContextLike) | undefined
  /** Measures the times of spans and the event loop's delay. @default the platform's clock */
  readonly clock?: Clock | undefined
}

/**
 * Reports an endpoint to OpenTelemetry: spans for connects, joins, pushes and broadcasts, and the numbers of
 * `rookery/metrics` as instruments. Call it before clients connect.
 *
 * ```ts
 * import { metrics, trace } from "@opentelemetry/api"
 *
 * otel(endpoint, { tracer: trace.getTracer("chat"), meter: metrics.getMeter("chat") })
 * ```
 *
 * @returns a function that stops it
 */
export function otel(
  endpoint: OtelSource,
  { tracer, meter, remoteParent, clock = systemClock }: OtelOptions,
): () => void {
  if (tracer === undefined && meter === undefined) {
    throw new RookeryError("bad_option", "otel() has nothing to report to; pass a `tracer`, a `meter`, or both")
  }
  const stops = [tracer && trace(endpoint, tracer, clock, remoteParent), meter && instrument(endpoint, meter, clock)]
  return () => {
    for (const stop of stops) stop?.()
  }
}
