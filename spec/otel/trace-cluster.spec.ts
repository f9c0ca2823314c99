import { SpanKind, SpanStatusCode } from "@opentelemetry/api"
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base"
import { afterEach, describe, expect, it } from "vitest"
import { RookeryError, Socket } from "rookery"
import { traceCluster } from "rookery/otel"
import { Endpoint, MemoryCluster, MemoryHub, type Cluster } from "rookery/server"
import { after, withFakeTime } from "../support/client.js"
import { inProcess } from "../support/in-process-transport.js"
import { msOf, recordedSpans } from "./recorded-spans.js"

withFakeTime()

const undo: (() => void)[] = []
afterEach(() => {
  for (const each of undo.splice(0)) each()
})

const later = <T>(value: T, ms: number): Promise<T> => new Promise((resolve) => setTimeout(() => resolve(value), ms))

/** A node of a cluster whose publishes take 15 ms, or fail. */
function made(publish = (): Promise<void> => later(undefined, 15)): {
  endpoint: Endpoint
  spans(name: string): ReadableSpan[]
} {
  const recorded = recordedSpans()
  const cluster: Cluster = new MemoryCluster(new MemoryHub())
  cluster.publish = publish
  const endpoint = new Endpoint({
    logger: false,
    cluster: traceCluster(cluster, { tracer: recorded.tracer("spec") }),
  })
  endpoint.channel("room:*", { receive: { echo: () => ({ heard: true }) } })
  undo.push(() => void endpoint.close())
  return { endpoint, spans: (name) => recorded.ended().filter((span) => span.name === `cluster ${name}`) }
}

function joined(endpoint: Endpoint): ReturnType<Socket["channel"]> {
  const socket = new Socket("ws://example.test/socket", { transport: inProcess(endpoint) })
  undo.push(() => socket.destroy())
  socket.connect()
  const room = socket.channel("room:1")
  room.join()
  return room
}

describe("the spans of a cluster", () => {
  it("begin with the call and end with its answer", async () => {
    const { endpoint, spans } = made()
    joined(endpoint)
    await after(100)
    void endpoint.broadcast("room:1", "news", {})
    await after(100)
    expect(spans("subscribe")).toMatchObject([{ attributes: { "messaging.destination.name": "room:1" } }])
    const [span, ...others] = spans("publish")
    expect(others).toEqual([])
    expect(span).toMatchObject({
      kind: SpanKind.CLIENT,
      status: { code: SpanStatusCode.UNSET },
      attributes: { "messaging.system": "rookery", "messaging.destination.name": "room:1" },
    })
    expect(span && msOf(span.duration)).toBe(15)
  })

  it("say what failed, and hide nothing from the endpoint", async () => {
    const { endpoint, spans } = made(async () => {
      throw new RookeryError("cluster_unavailable", "Redis is away")
    })
    joined(endpoint)
    await after(100)
    await expect(endpoint.broadcast("room:1", "news", {})).rejects.toMatchObject({ code: "cluster_unavailable" })
    expect(spans("publish")).toMatchObject([
      {
        status: { code: SpanStatusCode.ERROR, message: "cluster_unavailable" },
        events: [{ name: "exception", attributes: { "exception.message": "Redis is away" } }],
      },
    ])
  })

  it("tell of a push with `retry`, without its id", async () => {
    const { endpoint, spans } = made()
    const push = joined(endpoint).push("echo", {}, { retry: true })
    await after(100)
    expect(await push).toEqual({ heard: true })
    for (const name of ["claim", "settle"]) {
      expect(spans(name).map(({ attributes }) => attributes)).toEqual([
        { "messaging.system": "rookery", "messaging.operation.name": name },
      ])
    }
  })
})
