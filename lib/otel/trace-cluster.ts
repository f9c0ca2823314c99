import type { Cluster } from "rookery/server"
import { dateOf, systemClock, type Clock } from "../protocol/clock.js"
import type { AttributesLike, SpanLike, TracerLike } from "./api.js"
import { SPAN_KIND, STATUS_ERROR, textOf } from "./span-words.js"

/** Options of {@link traceCluster}. */
export interface TraceClusterOptions {
  /** Creates the spans: `trace.getTracer("chat")` of `@opentelemetry/api`. */
  readonly tracer: TracerLike
  /** Measures the times of spans. @default the platform's clock */
  readonly clock?: Clock | undefined
}

/** The code of a Rookery error, or the name of any other. */
function typeOf(error: unknown): string {
  const { code, name } = (typeof error === "object" && error !== null ? error : {}) as {
    code?: unknown
    name?: unknown
  }
  return String(code ?? name ?? "error")
}

/**
 * Wraps a cluster so that its calls create spans: how long Redis took for a broadcast, a history, a topic's first
 * subscriber, or a push with `retry`, and what failed. A span is a child of the one that is active at the call, for
 * example in an HTTP handler that broadcasts.
 *
 * ```ts
 * const endpoint = new Endpoint({ cluster: traceCluster(redis(client), { tracer: trace.getTracer("chat") }) })
 * ```
 *
 * @param cluster the cluster to trace, such as `redis(client)`
 */
export function traceCluster(cluster: Cluster, { tracer, clock = systemClock }: TraceClusterOptions): Cluster {
  function fail(span: SpanLike, error: unknown): void {
    span.recordException(error instanceof Error ? error : String(error), dateOf(clock))
    span.setStatus({ code: STATUS_ERROR, message: typeOf(error) })
    span.end(dateOf(clock))
  }

  /** Calls the cluster within a span that ends with the call. */
  function spanOf<T>(operation: string, topic: string | undefined, call: () => T | Promise<T>): T | Promise<T> {
    const attributes: AttributesLike = {
      "messaging.system": "rookery",
      "messaging.operation.name": operation,
      ...(topic !== undefined && { "messaging.destination.name": textOf(topic) }),
    }
    const span = tracer.startSpan(`cluster ${operation}`, {
      kind: SPAN_KIND.client,
      attributes,
      startTime: dateOf(clock),
    })
    try {
      const called = call()
      if (!(called instanceof Promise)) {
        span.end(dateOf(clock))
        return called
      }
      return called.then(
        (value) => {
          span.end(dateOf(clock))
          return value
        },
        (error: unknown) => {
          fail(span, error)
          throw error
        },
      )
    } catch (error) {
      fail(span, error)
      throw error
    }
  }

  return {
    start: (node) => cluster.start(node),
    publish: (topic, message) => spanOf("publish", topic, () => cluster.publish(topic, message)),
    append: (topic, message, history, once) =>
      spanOf("append", topic, () => cluster.append(topic, message, history, once)),
    history: (topic, history, after, limit) =>
      spanOf("history", topic, () => cluster.history(topic, history, after, limit)),
    subscribe: (topic, history) => spanOf("subscribe", topic, () => cluster.subscribe(topic, history)),
    unsubscribe: (topic) => cluster.unsubscribe(topic),
    command: (body) => spanOf("command", undefined, () => cluster.command(body)),
    changePresence: (topic, change) => cluster.changePresence(topic, change),
    claim: (key, claimMs) => spanOf("claim", undefined, () => cluster.claim(key, claimMs)),
    // Not traced: it is called every few seconds while a handler runs, which is of no interest.
    renew: (key, claimMs) => cluster.renew(key, claimMs),
    settle: (key, answer, keepMs) => spanOf("settle", undefined, () => cluster.settle(key, answer, keepMs)),
    release: (key) => spanOf("release", undefined, () => cluster.release(key)),
    nodes: () => cluster.nodes(),
    close: () => cluster.close(),
  }
}
