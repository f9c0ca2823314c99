import {
  context,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type ContextManager,
  type Span,
} from "@opentelemetry/api"
import { DataPointType, MeterProvider, MetricReader, type Histogram, type MetricData } from "@opentelemetry/sdk-metrics"
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base"
import { afterEach, describe, expect, it } from "vitest"
import { Socket } from "rookery"
import { metrics } from "rookery/metrics"
import { otel } from "rookery/otel"
import { Endpoint, Refused, reply } from "rookery/server"
import { after, fate, settled, withFakeTime } from "../support/client.js"
import { inProcess } from "../support/in-process-transport.js"
import { msOf, recordedSpans } from "./recorded-spans.js"

withFakeTime()

const undo: (() => void)[] = []
afterEach(() => {
  for (const each of undo.splice(0)) each()
})

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

function made(): Endpoint {
  const endpoint = new Endpoint({
    logger: false,
    connect: async ({ params: { token } }) => {
      await pause(20)
      return token === "good" && { id: "ada" }
    },
    limits: { pushBurst: 4, pushesPerSecond: 1 },
  })
  endpoint.channel("room:*", {
    history: { size: 2, ttl: 60_000 },
    join: async (_params, { topic }) => {
      await pause(30)
      if (topic === "room:private") throw new Refused({ reason: "private" })
      if (topic === "room:broken") throw new TypeError("no such room")
    },
    receive: {
      echo: async (payload) => {
        await pause(40)
        return payload
      },
      refuse: () => {
        throw new Refused({ reason: "no" })
      },
      silent: (_payload, room) => room.noReply,
      made_up: () => reply("moved", {}),
      crash: () => {
        throw new TypeError("boom")
      },
      throw_text: () => {
        // oxlint-disable-next-line no-throw-literal
        throw "boom"
      },
      shout: (payload, room) => void room.broadcast("shout", payload),
    },
  })
  return endpoint
}

/** A client of an endpoint that tries once, and is about to connect. */
function clientOf(endpoint: Endpoint, token = "good"): Socket {
  const socket = new Socket("ws://example.test/socket", {
    transport: inProcess(endpoint),
    params: { token },
    reconnectAfterMs: () => 60_000,
    rejoinAfterMs: () => 60_000,
  })
  undo.push(() => socket.destroy())
  socket.connect()
  return socket
}

interface Traced {
  readonly endpoint: Endpoint
  readonly stop: () => void
  /** The ended spans whose name begins like this. */
  spans(name: string): ReadableSpan[]
}

/** An endpoint that OpenTelemetry's own SDK traces. */
function traced(): Traced {
  const endpoint = made()
  const recorded = recordedSpans()
  const stop = otel(endpoint, { tracer: recorded.tracer("spec") })
  undo.push(stop)
  return { endpoint, stop, spans: (name) => recorded.ended().filter((span) => span.name.startsWith(name)) }
}

/** Has one span active everywhere, as one of an HTTP request may be where its work is done. */
class AlwaysActive implements ContextManager {
  readonly #context: Context

  constructor(span: Span) {
    this.#context = trace.setSpan(ROOT_CONTEXT, span)
  }

  active(): Context {
    return this.#context
  }

  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    _context: Context,
    call: F,
    thisArg?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    return call.call(thisArg, ...args)
  }

  bind<T>(_context: Context, target: T): T {
    return target
  }

  enable(): this {
    return this
  }

  disable(): this {
    return this
  }
}

/** Makes a span active until the end of the test. */
function activeSpan(): Span {
  const span = recordedSpans().tracer("spec").startSpan("outer")
  context.setGlobalContextManager(new AlwaysActive(span))
  undo.push(() => context.disable())
  return span
}

describe("the spans of an endpoint", () => {
  it("begin when a client came and end when it was connected", async () => {
    const { endpoint, spans } = traced()
    const began = Date.now()
    clientOf(endpoint)
    await after(100)
    const [span, ...others] = spans("")
    expect(others).toEqual([])
    expect(span).toMatchObject({ name: "connect", kind: SpanKind.SERVER, status: { code: SpanStatusCode.UNSET } })
    expect(span?.attributes).toEqual({ "rookery.transport": "memory", "rookery.socket.id": "ada" })
    expect(span && [msOf(span.startTime) - began, msOf(span.endTime) - began]).toEqual([0, 20])
  })

  it("say why a client was refused", async () => {
    const { endpoint, spans } = traced()
    clientOf(endpoint, "bad")
    await after(100)
    expect(spans("connect")).toMatchObject([
      {
        status: { code: SpanStatusCode.ERROR, message: "refused" },
        attributes: { "http.response.status_code": 403, "error.type": "refused" },
      },
    ])
    expect(spans("connect").map(({ duration }) => msOf(duration))).toEqual([20])
  })

  it("name joins by the pattern, and the topic in an attribute", async () => {
    const { endpoint, spans } = traced()
    const socket = clientOf(endpoint)
    for (const topic of ["room:1", "room:2"]) socket.channel(topic).join()
    await after(100)
    const joins = spans("join")
    expect(joins).toMatchObject(
      ["room:1", "room:2"].map((topic) => ({
        name: "join room:*",
        kind: SpanKind.SERVER,
        status: { code: SpanStatusCode.UNSET },
        attributes: {
          "messaging.system": "rookery",
          "messaging.operation.name": "join",
          "messaging.destination.name": topic,
          "messaging.destination.template": "room:*",
        },
      })),
    )
    expect(joins.map(({ duration }) => msOf(duration))).toEqual([30, 30])
  })

  it("tell refused joins from those that crashed", async () => {
    const { endpoint, spans } = traced()
    const socket = clientOf(endpoint)
    for (const topic of ["room:private", "room:broken", "lobby"]) void fate(socket.channel(topic).join())
    await after(100)
    const told = spans("join").map(({ name, status, attributes, events, duration }) => [
      name,
      attributes["messaging.destination.name"],
      status.code,
      attributes["error.type"],
      events.map((event) => [event.attributes?.["exception.type"], event.attributes?.["exception.message"]]),
      msOf(duration),
    ])
    expect(told).toEqual([
      ["join", "lobby", SpanStatusCode.ERROR, "unmatched", [], 0],
      ["join room:*", "room:private", SpanStatusCode.ERROR, "refused", [], 30],
      ["join room:*", "room:broken", SpanStatusCode.ERROR, "crashed", [["TypeError", "no such room"]], 30],
    ])
  })

  it("say whether a client that came back lost messages", async () => {
    const { endpoint, spans } = traced()
    const socket = new Socket("ws://example.test/socket", {
      transport: inProcess(endpoint),
      params: { token: "good" },
      reconnectAfterMs: () => 10,
      rejoinAfterMs: () => 10,
    })
    undo.push(() => socket.destroy())
    socket.connect()
    socket.channel("room:1", {}, { recover: true }).join()
    await after(100)
    for (const count of [1, 3]) {
      await endpoint.disconnect("ada")
      for (let i = 0; i < count; i++) await endpoint.broadcast("room:1", "shout", {})
      await after(1000)
    }
    expect(spans("join").map(({ attributes }) => attributes["rookery.recovered"])).toEqual([undefined, true, false])
  })

  it("have the event, the status and the time of each push", async () => {
    const { endpoint, spans } = traced()
    const room = clientOf(endpoint).channel("room:1")
    room.join()
    await after(100)
    for (const event of ["echo", "refuse", "silent", "made_up"]) {
      void fate(room.push(event, {}))
      await after(100)
    }
    const told = spans("push").map(({ name, kind, status, attributes, duration }) => [
      [name, kind],
      attributes["rookery.event"],
      attributes["rookery.status"],
      [status.code, attributes["error.type"]],
      msOf(duration),
    ])
    const served = ["push room:*", SpanKind.SERVER]
    expect(told).toEqual([
      [served, "echo", "ok", [SpanStatusCode.UNSET, undefined], 40],
      [served, "refuse", "error", [SpanStatusCode.ERROR, "refused"], 0],
      [served, "silent", undefined, [SpanStatusCode.UNSET, undefined], 0],
      [served, "made_up", "moved", [SpanStatusCode.UNSET, undefined], 0],
    ])
  })

  it.each([
    ["crash", { "exception.type": "TypeError", "exception.message": "boom" }],
    ["throw_text", { "exception.message": "boom" }],
    ["unknown", { "exception.message": expect.stringContaining('no handler takes "unknown"') }],
  ])("record the exception of a push that crashes its channel: %s", async (event, attributes) => {
    const { endpoint, spans } = traced()
    const room = clientOf(endpoint).channel("room:1")
    room.join()
    await after(100)
    void fate(room.push(event, {}))
    await settled()
    expect(spans("push")).toMatchObject([
      {
        status: { code: SpanStatusCode.ERROR, message: "crashed" },
        attributes: { "rookery.event": event, "error.type": "crashed" },
        events: [{ name: "exception", attributes }],
      },
    ])
  })

  it("are traces of their own for joins and pushes, and are linked to the span of the connect", async () => {
    const { endpoint, spans } = traced()
    activeSpan()
    const room = clientOf(endpoint).channel("room:1")
    room.join()
    await after(100)
    void fate(room.push("shout", {}))
    await after(100)
    const links = spans("connect").map((connect) => ({ context: connect.spanContext() }))
    expect(links).toHaveLength(1)
    for (const name of ["join", "push"]) {
      expect(spans(name)).toMatchObject([{ parentSpanContext: undefined, links }])
    }
  })

  it("have the recipients of a broadcast, as a child of the span that is active where it is sent", async () => {
    const { endpoint, spans } = traced()
    clientOf(endpoint).channel("room:1").join()
    await after(100)
    const outer = activeSpan()
    void endpoint.broadcast("room:1", "news", {})
    void endpoint.broadcast("nowhere", "news", {})
    expect(spans("broadcast")).toMatchObject([
      {
        name: "broadcast room:*",
        kind: SpanKind.PRODUCER,
        parentSpanContext: outer.spanContext(),
        attributes: { "messaging.destination.name": "room:1", "rookery.event": "news", "rookery.recipients": 1 },
      },
      { name: "broadcast", parentSpanContext: outer.spanContext(), attributes: { "rookery.recipients": 0 } },
    ])
  })

  it("cut what a client made as long as it likes", async () => {
    const { endpoint, spans } = traced()
    const room = clientOf(endpoint).channel("room:1")
    room.join()
    await after(100)
    void fate(room.push("x".repeat(5000), {}))
    await settled()
    expect(spans("push")[0]?.attributes["rookery.event"]).toBe("x".repeat(200))
  })

  it("tell of an event that is no text, which a client may send as well", async () => {
    const { endpoint, spans } = traced()
    const connecting = endpoint.connectInProcess({
      params: { vsn: "2.0.0", token: "good" },
      frame: () => undefined,
      closed: () => undefined,
    })
    await after(100)
    const line = await connecting
    line.send('["1","1","room:1","phx_join",{}]')
    await after(100)
    line.send('["1","2","room:1",{"toString":"none"},{}]')
    line.close()
    expect(spans("push")).toMatchObject([{ attributes: { "rookery.event": "(no text)", "error.type": "crashed" } }])
  })

  it("end with the function that stops them", async () => {
    const { endpoint, spans, stop } = traced()
    stop()
    const room = clientOf(endpoint).channel("room:1")
    room.join()
    await after(100)
    void fate(room.push("shout", {}))
    await settled()
    expect(spans("")).toEqual([])
  })
})

/** Reads when it is asked to. */
class Reader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

const TYPES: Partial<Record<DataPointType, string>> = {
  [DataPointType.SUM]: "counter",
  [DataPointType.GAUGE]: "gauge",
  [DataPointType.HISTOGRAM]: "histogram",
}

/** Collected metrics in Prometheus's text format, sorted. */
function linesOf(metrics: readonly MetricData[]): string[] {
  const lines: string[] = []
  const sample = (name: string, attributes: Attributes, value: number): void => {
    const labels = Object.entries(attributes).map(([label, of]) => `${label}="${String(of)}"`)
    lines.push(`${name}${labels.length === 0 ? "" : `{${labels.join(",")}}`} ${value}`)
  }
  for (const { descriptor, dataPointType, dataPoints } of metrics) {
    const { name, description } = descriptor
    lines.push(`# HELP ${name} ${description}`, `# TYPE ${name} ${TYPES[dataPointType]}`)
    for (const { value, attributes } of dataPoints) {
      if (typeof value === "number") {
        sample(name, attributes, value)
        continue
      }
      const { buckets, sum = 0, count } = value as Histogram
      let below = 0
      for (const [at, bound] of [...buckets.boundaries.map(String), "+Inf"].entries()) {
        below += buckets.counts[at] as number
        sample(`${name}_bucket`, { ...attributes, le: bound }, below)
      }
      sample(`${name}_sum`, attributes, sum)
      sample(`${name}_count`, attributes, count)
    }
  }
  return lines.sort()
}

/** Collects the metrics of a reader. */
async function collected(reader: Reader): Promise<MetricData[]> {
  const { resourceMetrics, errors } = await reader.collect()
  expect(errors).toEqual([])
  return resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics)
}

describe("the instruments of an endpoint", () => {
  it("have the names, the types, the meanings and the numbers of its metrics", async () => {
    const endpoint = made()
    const reader = new Reader()
    const provider = new MeterProvider({ readers: [reader] })
    let now = 0
    const timers: (() => void)[] = []
    const clock = {
      now: () => now,
      setTimeout: (callback: () => void) => timers.push(callback),
      clearTimeout: () => undefined,
    }
    const measured = metrics(endpoint, { clock })
    undo.push(measured.stop, otel(endpoint, { meter: provider.getMeter("spec"), clock }))
    clientOf(endpoint, "bad")
    const socket = clientOf(endpoint)
    for (const topic of ["room:private", "room:broken", "lobby"]) void fate(socket.channel(topic).join())
    const room = socket.channel("room:1", {}, { recover: true })
    room.join()
    await after(100)
    for (const event of ["echo", "refuse", "refuse", "silent", "made_up", "shout"]) {
      void fate(room.push(event, {}))
      await after(1000)
    }
    for (let i = 0; i < 8; i++) void fate(room.push("refuse", {}))
    now = 103
    for (const timer of timers.splice(0)) timer()
    await settled()

    const told = await collected(reader)
    expect(linesOf(told)).toEqual(measured.text().trim().split("\n").sort())
    expect(linesOf(told)).toContain('rookery_limits_hit_total{limit="pushesPerSecond"} 4')
    const seconds = told.filter(({ descriptor }) => descriptor.unit === "s").map(({ descriptor }) => descriptor.name)
    expect(seconds).toEqual(measured.text().match(/(?<=^# TYPE )\w+_seconds\b/gm))
  })

  it("end with the function that stops them", async () => {
    const endpoint = made()
    const reader = new Reader()
    const stop = otel(endpoint, { meter: new MeterProvider({ readers: [reader] }).getMeter("spec") })
    stop()
    clientOf(endpoint).channel("room:1").join()
    await after(100)
    const { resourceMetrics } = await reader.collect()
    const names = resourceMetrics.scopeMetrics
      .flatMap((scope) => scope.metrics)
      .map(({ descriptor }) => descriptor.name)
    expect(names).not.toContain("rookery_sockets")
    expect(names).not.toContain("rookery_join_duration_seconds")
  })
})

it("otel() without a tracer and a meter is an error that names both", () => {
  expect(() => otel(made(), {})).toThrow(
    expect.objectContaining({ code: "bad_option", message: expect.stringMatching(/`tracer`.*`meter`/) }),
  )
})
