import type { EndpointEvents, ServerSocket } from "rookery/server"
import { dateOf, type Clock } from "../protocol/clock.js"
import type { AttributesLike, ContextLike, SpanContextLike, TracerLike } from "./api.js"
import type { OtelSource } from "./source.js"
import { SPAN_KIND, STATUS_ERROR, textOf } from "./span-words.js"
import { spanOf } from "./trace-ref.js"

/** The bit of OpenTelemetry's TraceFlags for a span that is recorded. */
const SAMPLED = 1

/** Why something failed: one of a few words, and the error if code of the server threw one. */
interface Fault {
  readonly type: string
  readonly error?: unknown
}

/** An operation that has ended. */
interface Done {
  readonly name: string
  readonly kind: number
  readonly durationMs: number
  readonly attributes: AttributesLike
  /** The client that sent the message. The span is linked to the span of that client's connect. */
  readonly client?: ServerSocket
  /** The context of the span that the message carries. Without one, the span of a client's message begins a trace. */
  readonly parent?: ContextLike | undefined
  readonly fault?: Fault | undefined
}

const clientAttributes = ({ id, transport }: ServerSocket): AttributesLike => ({
  "rookery.transport": transport,
  ...(id !== null && { "rookery.socket.id": id }),
})

/**
 * Reports the spans of an endpoint to a tracer.
 *
 * @returns a function that stops it
 */
export function trace(
  endpoint: OtelSource,
  tracer: TracerLike,
  clock: Clock,
  remoteParent?: (span: SpanContextLike) => ContextLike,
): () => void {
  const connects = new WeakMap<ServerSocket, SpanContextLike>()

  /** The context of the span that a push carries in its ref, if the endpoint is to follow it. */
  function parentOf(ref: unknown): ContextLike | undefined {
    const carried = remoteParent && spanOf(ref)
    return carried && remoteParent(carried)
  }

  function record({ name, kind, durationMs, attributes, client, parent, fault }: Done): SpanContextLike {
    const end = dateOf(clock)
    const connect = client && connects.get(client)
    const options = {
      kind,
      attributes: fault === undefined ? attributes : { ...attributes, "error.type": fault.type },
      startTime: end - durationMs,
      // A message that waited is handled during the turn of another one, whose span would otherwise become its parent.
      root: client !== undefined && parent === undefined,
      ...(connect !== undefined && { links: [{ context: connect }] }),
    }
    const span = tracer.startSpan(name, options, parent)
    if (fault !== undefined) {
      const { type, error } = fault
      if (error !== undefined) span.recordException(error instanceof Error ? error : textOf(error), end)
      span.setStatus({ code: STATUS_ERROR, message: type })
    }
    span.end(end)
    return span.spanContext()
  }

  /** The name and the attributes of an operation on a topic, following OpenTelemetry's conventions for messaging. */
  function about(operation: string, topic: string, more: AttributesLike): Pick<Done, "name" | "attributes"> {
    const pattern = endpoint.patternOf(topic)
    return {
      // There must be few names, but clients choose any number of topics.
      name: pattern === undefined ? operation : `${operation} ${pattern}`,
      attributes: {
        "messaging.system": "rookery",
        "messaging.operation.name": operation,
        "messaging.destination.name": textOf(topic),
        ...(pattern !== undefined && { "messaging.destination.template": pattern }),
        ...more,
      },
    }
  }

  function joined(
    { socket, topic, durationMs }: Pick<EndpointEvents["joinRefused"], "socket" | "topic" | "durationMs">,
    more: AttributesLike,
    fault?: Fault,
  ): void {
    const attributes = { ...clientAttributes(socket), ...more }
    record({ ...about("join", topic, attributes), kind: SPAN_KIND.server, durationMs, client: socket, fault })
  }

  function pushed(
    { socket, topic, event, ref, durationMs }: Omit<EndpointEvents["pushCrashed"], "error">,
    more: AttributesLike,
    fault?: Fault,
  ): void {
    const attributes = {
      "messaging.operation.type": "process",
      "rookery.event": textOf(event),
      ...clientAttributes(socket),
      ...more,
    }
    const parent = parentOf(ref)
    record({ ...about("push", topic, attributes), kind: SPAN_KIND.server, durationMs, client: socket, parent, fault })
  }

  const stops = [
    endpoint.on("socketConnected", ({ socket, durationMs }) => {
      const { address } = socket
      const attributes = { ...clientAttributes(socket), ...(address !== undefined && { "client.address": address }) }
      const context = record({ name: "connect", kind: SPAN_KIND.server, durationMs, attributes })
      if ((context.traceFlags & SAMPLED) !== 0) connects.set(socket, context)
    }),
    endpoint.on("connectRefused", ({ transport, status, reason, address, durationMs }) => {
      const attributes = {
        "rookery.transport": transport,
        "http.response.status_code": status,
        ...(address !== undefined && { "client.address": address }),
      }
      record({ name: "connect", kind: SPAN_KIND.server, durationMs, attributes, fault: { type: reason } })
    }),
    endpoint.on("channelJoined", ({ recovered, ...join }) =>
      joined(join, recovered === undefined ? {} : { "rookery.recovered": recovered }),
    ),
    endpoint.on("joinRefused", ({ reason, error, ...join }) => joined(join, {}, { type: reason, error })),
    endpoint.on("pushHandled", ({ status, ...push }) =>
      pushed(
        push,
        status === undefined ? {} : { "rookery.status": textOf(status) },
        status === "error" ? { type: "refused" } : undefined,
      ),
    ),
    endpoint.on("pushCrashed", ({ error, ...push }) => pushed(push, {}, { type: "crashed", error })),
    endpoint.on("broadcast", ({ topic, event, recipients }) => {
      const attributes = {
        "messaging.operation.type": "send",
        "rookery.event": textOf(event),
        "rookery.recipients": recipients,
      }
      record({ ...about("broadcast", topic, attributes), kind: SPAN_KIND.producer, durationMs: 0 })
    }),
  ]
  return () => {
    for (const stop of stops) stop()
  }
}
