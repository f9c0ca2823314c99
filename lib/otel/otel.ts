import { systemClock, type Clock } from "../protocol/clock.js"
import { RookeryError } from "../protocol/errors.js"
import type { ContextLike, MeterLike, SpanContextLike, TracerLike } from "./api.js"
import { instrument } from "./instruments.js"
import type { OtelSource } from "./source.js"
import { trace } from "./spans.js"

/** Options of {@link otel}. */
export interface OtelOptions {
  /** Makes the spans, as `trace.getTracer("chat")` of `@opentelemetry/api` gives it. @default no spans */
  readonly tracer?: TracerLike | undefined
  /** Makes the instruments, as `metrics.getMeter("chat")` of `@opentelemetry/api` gives it. @default no instruments */
  readonly meter?: MeterLike | undefined
  /**
   * Makes a context of a span that a client's push carries (see `traced()`), as
   * `(span) => trace.setSpanContext(ROOT_CONTEXT, span)` of `@opentelemetry/api` does. The span of the push is then a child
   * of that one, and a sampler that follows the parent records what clients ask it to record.
   *
   * @default the span of each push begins a trace, whatever it carries
   */
  readonly remoteParent?: ((span: SpanContextLike) => ContextLike) | undefined
  /** For the times of spans and the delay of the event loop. @default the platform's clock */
  readonly clock?: Clock | undefined
}

/**
 * Tells OpenTelemetry of an endpoint: spans of connects, joins, pushes and broadcasts, and the numbers of
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
    throw new RookeryError("bad_option", "otel() has nothing to tell; give it a `tracer`, a `meter`, or both")
  }
  const stops = [tracer && trace(endpoint, tracer, clock, remoteParent), meter && instrument(endpoint, meter, clock)]
  return () => {
    for (const stop of stops) stop?.()
  }
}
