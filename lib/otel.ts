export { otel, type OtelOptions } from "./otel/otel.js"
export type { OtelSource } from "./otel/source.js"
export type {
  AttributesLike,
  BatchResultLike,
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
