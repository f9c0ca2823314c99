/** The numbers of OpenTelemetry's SpanKind. */
export const SPAN_KIND = { server: 1, client: 2, producer: 3 } as const

/** The number of OpenTelemetry's SpanStatusCode for an error. */
export const STATUS_ERROR = 2

/** The longest text from a client that becomes an attribute. */
const LONGEST = 200

/** A value chosen by a client, as text. It may be long, or an object for which `String()` throws. */
export function textOf(chosen: unknown): string {
  if (typeof chosen === "object" && chosen !== null) return "(no text)"
  return String(chosen).slice(0, LONGEST)
}
