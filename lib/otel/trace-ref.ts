import type { SpanContextLike } from "./api.js"

// A push's trace context stands behind the number of its ref, and before the id of a push with `retry`:
// `17;00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01~k3j9x0`. A ref goes back to the client as it came, so a
// server that knows nothing of traces answers as ever, and no handler, schema or broadcast meets what is no payload.
const TRACEPARENT = /;00-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(?=~|$)/
const ONLY_ZEROS = /^0+$/

const hex = (byte: number): string => byte.toString(16).padStart(2, "0")

/** A span as W3C's `traceparent`; `undefined` for one that is not valid, as of a tracer that records nothing. */
export function traceparentOf({ traceId, spanId, traceFlags }: SpanContextLike): string | undefined {
  const text = `00-${traceId}-${spanId}-${hex(traceFlags & 0xff)}`
  return spanOf(`;${text}`) === undefined ? undefined : text
}

/** A ref that carries a `traceparent`. */
export function refWithTrace(ref: string, traceparent: string): string {
  const [number = "", ...id] = ref.split("~")
  return [`${number};${traceparent}`, ...id].join("~")
}

/** The ref as the client made it. */
export const refWithoutTrace = (ref: string): string => ref.replace(TRACEPARENT, "")

/** The span that a ref carries, if it carries one. */
export function spanOf(ref: unknown): SpanContextLike | undefined {
  if (typeof ref !== "string") return undefined
  const [, traceId = "", spanId = "", flags = ""] = TRACEPARENT.exec(ref) ?? []
  if (traceId === "" || ONLY_ZEROS.test(traceId) || ONLY_ZEROS.test(spanId)) return undefined
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true }
}
