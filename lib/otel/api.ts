/** The attributes of a span or of a measurement. */
export type AttributesLike = Readonly<Record<string, string | number | boolean>>

/** The identity of a span, as `SpanContext` of `@opentelemetry/api`. */
export interface SpanContextLike {
  readonly traceId: string
  readonly spanId: string
  readonly traceFlags: number
  /** Whether another process began the span. */
  readonly isRemote?: boolean
}

/** The parts of a `Context` of `@opentelemetry/api` that a tracer uses. */
export interface ContextLike {
  getValue(key: symbol): unknown
  setValue(key: symbol, value: unknown): ContextLike
  deleteValue(key: symbol): ContextLike
}

/** How a span starts, as `SpanOptions` of `@opentelemetry/api`. Times are milliseconds since 1970. */
export interface SpanOptionsLike {
  readonly kind?: number
  readonly attributes?: AttributesLike
  readonly links?: { context: SpanContextLike }[]
  readonly startTime?: number
  readonly root?: boolean
}

/** The parts of a `Span` of `@opentelemetry/api` that `otel()` uses. */
export interface SpanLike {
  spanContext(): SpanContextLike
  setStatus(status: { code: number; message?: string }): unknown
  recordException(exception: Error | string, time?: number): void
  end(endTime?: number): void
}

/** The parts of a `Tracer` of `@opentelemetry/api` that `otel()` uses. */
export interface TracerLike {
  startSpan(name: string, options?: SpanOptionsLike, context?: ContextLike): SpanLike
}

/** How an instrument is made, as `MetricOptions` of `@opentelemetry/api`. */
export interface InstrumentOptionsLike {
  readonly description?: string
  readonly unit?: string
  readonly advice?: { explicitBucketBoundaries?: number[] }
}

/** The parts of a `Counter` of `@opentelemetry/api` that `otel()` uses. */
export interface CounterLike {
  add(value: number, attributes?: AttributesLike): void
}

/** The parts of a `Histogram` of `@opentelemetry/api` that `otel()` uses. */
export interface HistogramLike {
  record(value: number, attributes?: AttributesLike): void
}

/** The identity of an `Observable` of `@opentelemetry/api`, of which nothing else is used. */
export type ObservableLike = object

/** The parts of a `BatchObservableResult` of `@opentelemetry/api` that `otel()` uses. */
export interface BatchResultLike {
  observe(metric: ObservableLike, value: number): void
}

/** The parts of a `Meter` of `@opentelemetry/api` that `otel()` uses. */
export interface MeterLike {
  createCounter(name: string, options?: InstrumentOptionsLike): CounterLike
  createHistogram(name: string, options?: InstrumentOptionsLike): HistogramLike
  createObservableCounter(name: string, options?: InstrumentOptionsLike): ObservableLike
  createObservableGauge(name: string, options?: InstrumentOptionsLike): ObservableLike
  addBatchObservableCallback(callback: (result: BatchResultLike) => void, observables: ObservableLike[]): void
  removeBatchObservableCallback(callback: (result: BatchResultLike) => void, observables: ObservableLike[]): void
}
