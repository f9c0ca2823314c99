import type { SpanContextLike } from "./api.js"

// A push's trace context follows the number of its ref, and precedes the id of a push with `retry`:
// `17;00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01~k3j9x0`. A ref is returned to the client unchanged, so a
// server that does not know traces answers as usual, and the context is not part of the payload that handlers, schemas
// and broadcasts see.
const TRACEPARENT = /;00-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(?=~|$)/
const ONLY_ZEROS = /^0+$/

const hex = (byte: number): string => byte.toString(16).padStart(2, "0")

/** A span as a W3C `traceparent`; `undefined` for an invalid one, such as that of a tracer that records nothing. */
export function traceparentOf({ traceId, spanId, traceFlags }: SpanContextLike): string | undefined {
  const text = `00-${traceId}-${spanId}-${hex(traceFlags & 0xff)}`
  return spanOf(`;${text}`) === undefined ? undefined : text
}

/** A ref that carries a `traceparent`. */
export function refWithTrace(ref: string, traceparent: string): string {
  const [number = "", ...id] = ref.split("~")
  return [`${number};${traceparent}`, ...id].join("~")
}

/** The ref without the trace context. */
export const refWithoutTrace = (ref: string): string => ref.replace(TRACEPARENT, "")

/** The span that a ref carries, if it carries one. */
export function spanOf(ref: unknown): SpanContextLike | undefined {
  if (typeof ref !== "string") return undefined
  const [, traceId = "", spanId = "", flags = ""] = TRACEPARENT.exec(ref) ?? []
  if (traceId === "" || ONLY_ZEROS.test(traceId) || ONLY_ZEROS.test(spanId)) return undefined
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true }
}
