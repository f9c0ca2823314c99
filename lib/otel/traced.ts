import type { SpanLike } from "./api.js"
import { refWithoutTrace, refWithTrace, traceparentOf } from "./trace-ref.js"

/** The parts of a client's serializer that {@link carryTraces} uses. */
export interface SerializerLike {
  readonly client: {
    encode(message: never): unknown
    decode(frame: never): unknown
  }
}

interface MessageLike {
  ref: unknown
  readonly payload: unknown
}

/** The trace contexts of payloads, until they are sent. */
const traceparents = new WeakMap<object, string>()

/** A copy of a payload with its own identity, because a payload that is pushed twice belongs to two spans. */
function copyOf(payload: object): object {
  if (Array.isArray(payload)) return [...(payload as unknown[])]
  if (payload instanceof ArrayBuffer) return new Uint8Array(payload)
  if (ArrayBuffer.isView(payload)) return new Uint8Array(payload.buffer, payload.byteOffset, payload.byteLength)
  return Object.getPrototypeOf(payload) === Object.prototype ? { ...payload } : payload
}

/**
 * Makes a push carry the context of a span, for an endpoint whose `otel()` has a `remoteParent`: the push's span is
 * then a child of that span. The socket needs a serializer made by {@link carryTraces}.
 *
 * ```ts
 * import { trace } from "@opentelemetry/api"
 *
 * const socket = new Socket("/socket", { serializer: carryTraces(json()) })
 * // …
 * room.push("new_msg", traced({ text: "hi" }, trace.getActiveSpan()))
 * ```
 *
 * @param span the span; without one, the push carries no context
 * @returns the payload to push
 */
export function traced<P extends object>(payload: P, span: Pick<SpanLike, "spanContext"> | undefined): P {
  const traceparent = span && traceparentOf(span.spanContext())
  if (traceparent === undefined) return payload
  const own = copyOf(payload) as P
  traceparents.set(own, traceparent)
  return own
}

/**
 * Wraps a serializer so that pushes of {@link traced} payloads carry their trace context, in their refs: any server
 * returns refs unchanged, and payloads stay as they are.
 *
 * @param serializer the socket's serializer, for example `json()`
 */
export function carryTraces<S extends SerializerLike>(serializer: S): S {
  const client = serializer.client as {
    encode(message: MessageLike): unknown
    decode(...frame: unknown[]): MessageLike
  }
  return {
    ...serializer,
    client: {
      ...client,
      encode(message: MessageLike) {
        const { payload, ref } = message
        const traceparent = typeof payload === "object" && payload !== null ? traceparents.get(payload) : undefined
        if (traceparent === undefined || typeof ref !== "string") return client.encode(message)
        return client.encode({ ...message, ref: refWithTrace(ref, traceparent) })
      },
      decode(...frame: unknown[]) {
        const message = client.decode(...frame)
        if (typeof message.ref === "string") message.ref = refWithoutTrace(message.ref)
        return message
      },
    },
  }
}
