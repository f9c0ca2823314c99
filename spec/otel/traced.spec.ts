import { ROOT_CONTEXT, trace, type Span, type Tracer } from "@opentelemetry/api"
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base"
import { afterEach, describe, expect, it } from "vitest"
import { json, jsonV1, Socket, type MessageSerializer } from "rookery"
import { msgpack } from "rookery/msgpack"
import { carryTraces, otel, traced } from "rookery/otel"
import { Endpoint } from "rookery/server"
import { refWithoutTrace, refWithTrace, spanOf, traceparentOf } from "../../lib/otel/trace-ref.js"
import { after, withFakeTime } from "../support/client.js"
import { inProcess } from "../support/in-process-transport.js"
import { recordedSpans } from "./recorded-spans.js"

withFakeTime()

const undo: (() => void)[] = []
afterEach(() => {
  for (const each of undo.splice(0)) each()
})

interface Traced {
  readonly endpoint: Endpoint
  /** That of the client. */
  readonly tracer: Tracer
  /** The refs of the pushes that came. */
  readonly refs: unknown[]
  /** The payloads that handlers got. */
  readonly payloads: unknown[]
  /** The ended spans of pushes at the endpoint. */
  pushes(): ReadableSpan[]
  /** A joined channel of a new client. */
  room(serializer: MessageSerializer): ReturnType<Socket["channel"]>
}

function made(follows = true): Traced {
  const payloads: unknown[] = []
  const refs: unknown[] = []
  const endpoint = new Endpoint({ logger: false, serializers: [json(), jsonV1(), msgpack()] })
  endpoint.channel("room:*", {
    receive: {
      echo: (payload) => {
        payloads.push(payload)
        return { heard: true }
      },
    },
  })
  endpoint.on("message", ({ direction, event, ref }) => direction === "in" && event !== "phx_join" && refs.push(ref))
  const recorded = recordedSpans()
  undo.push(
    otel(endpoint, {
      tracer: recorded.tracer("endpoint"),
      ...(follows && { remoteParent: (span) => trace.setSpanContext(ROOT_CONTEXT, span) }),
    }),
  )
  return {
    endpoint,
    tracer: recordedSpans().tracer("client"),
    refs,
    payloads,
    pushes: () => recorded.ended().filter(({ name }) => name.startsWith("push")),
    room(serializer) {
      const socket = new Socket("ws://example.test/socket", {
        transport: inProcess(endpoint),
        serializer,
        reconnectAfterMs: () => 10,
        rejoinAfterMs: () => 10,
      })
      undo.push(() => socket.destroy())
      socket.connect()
      const room = socket.channel("room:1")
      room.join()
      return room
    },
  }
}

/** The identity of the parent of a span. */
const parentOf = (span: ReadableSpan): unknown[] => {
  const parent = span.parentSpanContext
  return [parent?.traceId, parent?.spanId, parent?.isRemote, span.spanContext().traceId]
}

const asParent = (span: Span): unknown[] => {
  const { traceId, spanId } = span.spanContext()
  return [traceId, spanId, true, traceId]
}

describe.each<[string, () => MessageSerializer]>([
  ["json", json],
  ["v1", jsonV1],
  ["msgpack", msgpack],
])("a traced push in %s", (_name, serializer) => {
  it("gives the endpoint's span of it a parent at the client, whenever it is sent", async () => {
    const { tracer, room, pushes, payloads } = made()
    const channel = room(carryTraces(serializer()))
    const [first, second] = [tracer.startSpan("first"), tracer.startSpan("second")]
    // The one waits for the join, the other goes at once.
    const waiting = channel.push("echo", traced({ n: 1 }, first))
    await after(100)
    const going = channel.push("echo", traced({ n: 2 }, second))
    await after(100)
    expect(await Promise.all([waiting, going])).toEqual([{ heard: true }, { heard: true }])
    expect(pushes().map(parentOf)).toEqual([asParent(first), asParent(second)])
    expect(payloads).toEqual([{ n: 1 }, { n: 2 }])
  })

  it("is answered under its id if it has one, and is one push however often it is sent", async () => {
    const { endpoint, tracer, room, pushes, payloads, refs } = made()
    const channel = room(carryTraces(serializer()))
    await after(100)
    const span = tracer.startSpan("again")
    const push = channel.push("echo", traced({ n: 1 }, span), { retry: true })
    await after(100)
    expect(await push).toEqual({ heard: true })
    push.send()
    await after(100)
    expect(payloads).toHaveLength(1)
    expect(refs).toHaveLength(2)
    const { id } = push
    for (const ref of refs) expect(ref).toMatch(new RegExp(`^\\d+;00-[\\da-f]{32}-[\\da-f]{16}-01~${id}$`))
    expect(pushes().length).toBeGreaterThan(0)
    for (const pushed of pushes()) expect(parentOf(pushed)).toEqual(asParent(span))
    await endpoint.close()
  })
})

it("a traced push of bytes, of a list and of an object pushed twice carries the context of each time", async () => {
  const { tracer, room, pushes, payloads } = made()
  const channel = room(carryTraces(json()))
  await after(100)
  const spans = ["bytes", "buffer", "list", "one", "two"].map((name) => tracer.startSpan(name))
  const object = { n: 1 }
  const bytes = new Uint8Array([1, 2, 3])
  const all = [bytes, bytes.buffer, [1], object, object]
  for (const [i, payload] of all.entries()) void channel.push("echo", traced(payload, spans[i]))
  await after(100)
  expect(pushes().map(parentOf)).toEqual(spans.map(asParent))
  expect(payloads.slice(2)).toEqual([[1], object, object])
  expect(payloads.slice(0, 2).map((payload) => [...new Uint8Array(payload as ArrayBuffer)])).toEqual([
    [1, 2, 3],
    [1, 2, 3],
  ])
})

describe("a push carries nothing", () => {
  it("if it is not traced, or its span records nothing", async () => {
    const { room, pushes, refs } = made()
    const channel = room(carryTraces(json()))
    const invalid = trace.wrapSpanContext({ traceId: "0".repeat(32), spanId: "0".repeat(16), traceFlags: 0 })
    const payload = { n: 1 }
    expect(traced(payload, undefined)).toBe(payload)
    expect(traced(payload, invalid)).toBe(payload)
    void channel.push("echo", payload)
    await after(100)
    expect(refs).toEqual([expect.stringMatching(/^\d+$/)])
    expect(pushes().map(({ parentSpanContext }) => parentSpanContext)).toEqual([undefined])
  })

  it("if its socket has another serializer", async () => {
    const { tracer, room, pushes, refs } = made()
    const channel = room(json())
    void channel.push("echo", traced({ n: 1 }, tracer.startSpan("span")))
    await after(100)
    expect(refs).toEqual([expect.stringMatching(/^\d+$/)])
    expect(pushes().map(({ parentSpanContext }) => parentSpanContext)).toEqual([undefined])
  })
})

it("an endpoint that is not told to follow clients begins a trace for each push", async () => {
  const { tracer, room, pushes } = made(false)
  const channel = room(carryTraces(json()))
  const push = channel.push("echo", traced({ n: 1 }, tracer.startSpan("span")))
  await after(100)
  expect(await push).toEqual({ heard: true })
  expect(pushes().map(({ parentSpanContext }) => parentSpanContext)).toEqual([undefined])
})

describe("a ref with a trace context", () => {
  const parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

  it.each([
    ["17", `17;${parent}`],
    ["17~k3j9x0", `17;${parent}~k3j9x0`],
  ])("goes back to what it was: %s", (ref, carrying) => {
    expect(refWithTrace(ref, parent)).toBe(carrying)
    expect(refWithoutTrace(carrying)).toBe(ref)
    expect(spanOf(carrying)).toEqual({
      traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
      spanId: "00f067aa0ba902b7",
      traceFlags: 1,
      isRemote: true,
    })
  })

  it.each([
    [null],
    [17],
    [{}],
    ["17"],
    [parent],
    [`17;${parent.toUpperCase()}`],
    [`17;${parent}0`],
    [`17;${parent} `],
    [`17;01${parent.slice(2)}`],
    [`17;00-${"0".repeat(32)}-00f067aa0ba902b7-01`],
    [`17;00-4bf92f3577b34da6a3ce929d0e0e4736-${"0".repeat(16)}-01`],
    [`17~id;${"x".repeat(300)}`],
  ])("is none of what a stranger makes up: %j", (ref) => {
    expect(spanOf(ref)).toBeUndefined()
  })

  it("tells whether the span is sampled", () => {
    const span = { traceId: "4bf92f3577b34da6a3ce929d0e0e4736", spanId: "00f067aa0ba902b7", traceFlags: 0 }
    expect(traceparentOf(span)).toBe("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00")
    expect(traceparentOf({ ...span, traceId: "made up" })).toBeUndefined()
  })
})
