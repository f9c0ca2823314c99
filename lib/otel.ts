export { otel, type OtelOptions } from "./otel/otel.js"
export { carryTraces, traced, type SerializerLike } from "./otel/traced.js"
export { traceCluster, type TraceClusterOptions } from "./otel/trace-cluster.js"
export type { OtelSource } from "./otel/source.js"
export type {
  AttributesLike,
  BatchResultLike,
  ContextLike,
  CounterLike,
  HistogramLike,
  InstrumentOptionsLike,
  MeterLike,
  ObservableLike,
  SpanContextLike,
  SpanLike,
  SpanOptionsLike,
  TracerLike,
} from "./otel/api.js"
