import parse from "parse-prometheus-text-format"
import { afterEach, describe, expect, it } from "vitest"
import { Socket } from "rookery"
import { metrics, type Metrics, type MetricsOptions } from "rookery/metrics"
import { Endpoint, Refused, reply } from "rookery/server"
import { after, fate, settled, withFakeTime } from "../support/client.js"
import { inProcess } from "../support/in-process-transport.js"

withFakeTime()

const made: { destroy(): void }[] = []
afterEach(() => {
  for (const each of made.splice(0)) each.destroy()
})

interface House {
  readonly endpoint: Endpoint
  readonly measured: Metrics
  readonly socket: Socket
}

/** A measured endpoint, and a client of it. */
async function house(options: MetricsOptions = {}): Promise<House> {
  const endpoint = new Endpoint({
    logger: false,
    connect: ({ params }) => params["token"] === "good" && { id: "ada" },
    limits: { pushBurst: 2, pushesPerSecond: 1 },
  })
  endpoint.channel("room:*", {
    history: { size: 2, ttl: 60_000 },
    join(_params, { topic }) {
      if (topic === "room:private") throw new Refused({ reason: "private" })
    },
    receive: {
      echo: (payload) => payload,
      refuse: () => {
        throw new Refused({ reason: "no" })
      },
      made_up: ({ status }) => reply(String(status), {}),
    },
  })
  const measured = metrics(endpoint, options)
  const socket = new Socket("ws://example.test/socket", {
    transport: inProcess(endpoint),
    params: { token: "good" },
    reconnectAfterMs: () => 10,
    rejoinAfterMs: () => 10,
  })
  made.push(socket, { destroy: measured.stop })
  socket.connect()
  await settled()
  return { endpoint, measured, socket }
}

/** A value of the text, as the parser reads it: that of the sample with these labels. */
function read(text: string, name: string, labels: Record<string, string> = {}): unknown {
  const family = parse(text).find((each) => each.name === name)
  const sample = family?.metrics.find(
    (each) => JSON.stringify(Object.entries(each.labels ?? {})) === JSON.stringify(Object.entries(labels)),
  )
  return sample?.value === undefined ? sample : Number(sample.value)
}

describe("metrics of an endpoint", () => {
  it("has every counter of the endpoint, with its type and a sentence that says what it counts", async () => {
    const { endpoint, measured, socket } = await house()
    await fate(socket.channel("room:1").join())
    const families = parse(measured.text())
    for (const [name, value] of Object.entries(endpoint.counters())) {
      const family = families.find((each) => each.name === name)
      expect(family?.type, name).toBe(name.endsWith("_total") ? "COUNTER" : "GAUGE")
      expect(family?.help, name).toMatch(/^[A-Z].*\.$/)
      const sum = family?.metrics.reduce((all, sample) => all + Number(sample.value), 0)
      expect(sum, name).toBe(value)
    }
    expect(read(measured.text(), "rookery_channels")).toBe(1)
  })

  it("counts refusals by their reason, and limits by their name", async () => {
    const { endpoint, measured, socket } = await house()
    await fate(socket.channel("room:private").join())
    await fate(socket.channel("lobby").join())
    const stranger = new Socket("ws://example.test/socket", {
      transport: inProcess(endpoint),
      reconnectAfterMs: () => 60_000,
    })
    made.push(stranger)
    stranger.connect()
    const room = socket.channel("room:1")
    room.join()
    for (let i = 0; i < 3; i++) room.push("echo", {}).receive("ok", () => {})
    await settled()
    const text = measured.text()
    expect(read(text, "rookery_joins_refused_total", { reason: "refused" })).toBe(1)
    expect(read(text, "rookery_joins_refused_total", { reason: "unmatched" })).toBe(1)
    expect(read(text, "rookery_joins_refused_total", { reason: "crashed" })).toBe(0)
    expect(read(text, "rookery_connects_refused_total", { status: "403" })).toBe(1)
    expect(read(text, "rookery_limits_hit_total", { limit: "pushesPerSecond" })).toBe(1)
  })

  it("measures how long handlers take, by the status of their replies", async () => {
    const { measured, socket } = await house()
    const room = socket.channel("room:1")
    room.join()
    for (const event of ["echo", "refuse", "made_up"]) {
      void fate(room.push(event, { status: `made up ${event}` }))
      await after(1000)
    }
    const text = measured.text()
    expect(parse(text).find(({ name }) => name === "rookery_push_duration_seconds")?.type).toBe("HISTOGRAM")
    // The parser drops the labels of histograms.
    expect(text.match(/^rookery_push_duration_seconds_count.*$/gm)).toEqual([
      'rookery_push_duration_seconds_count{status="ok"} 1',
      'rookery_push_duration_seconds_count{status="error"} 1',
      'rookery_push_duration_seconds_count{status="other"} 1',
    ])
    expect(read(text, "rookery_join_duration_seconds")).toMatchObject({ count: "1" })
  })

  it("counts the clients that a broadcast goes to, in buckets that include the smaller ones", async () => {
    const { endpoint, measured, socket } = await house()
    await endpoint.broadcast("room:1", "shout", {})
    await fate(socket.channel("room:1").join())
    await endpoint.broadcast("room:1", "shout", {})
    await endpoint.broadcast("room:1", "shout", {})
    expect(read(measured.text(), "rookery_broadcast_recipients")).toMatchObject({
      buckets: { "0": "1", "1": "3", "2": "3", "50000": "3", "+Inf": "3" },
      sum: "2",
      count: "3",
    })
  })

  it("counts clients that came back and lost nothing, and those that lost messages", async () => {
    const { endpoint, measured, socket } = await house()
    const room = socket.channel("room:1", {}, { recover: true })
    room.join()
    await after(10)
    await endpoint.broadcast("room:1", "shout", {})
    await after(10)
    const outcomes = (): unknown[] =>
      ["recovered", "gap"].map((outcome) => read(measured.text(), "rookery_recoveries_total", { outcome }))
    expect(outcomes()).toEqual([0, 0])
    const cutAndBroadcast = async (count: number): Promise<void> => {
      await endpoint.disconnect("ada")
      for (let i = 0; i < count; i++) await endpoint.broadcast("room:1", "shout", {})
      await after(10_000)
      expect(room.state).toBe("joined")
    }
    await cutAndBroadcast(2)
    expect(outcomes()).toEqual([1, 0])
    await cutAndBroadcast(3)
    expect(outcomes()).toEqual([1, 1])
  })

  it("samples how late timers fire, and stops when it is told", async () => {
    let now = 0
    const timers: (() => void)[] = []
    const clock = {
      now: () => now,
      setTimeout: (callback: () => void) => timers.push(callback),
      clearTimeout: () => void timers.splice(0),
    }
    const { measured } = await house({ clock })
    now = 103
    timers.splice(0)[0]?.()
    now = 103 + 100 + 700
    timers.splice(0)[0]?.()
    expect(read(measured.text(), "rookery_event_loop_delay_seconds")).toMatchObject({
      buckets: { "0.0025": "0", "0.005": "1", "0.5": "1", "1": "2" },
      count: "2",
    })
    measured.stop()
    expect(timers).toEqual([])
  })

  it("gives every sample the labels of the user, whatever characters are in them", async () => {
    const { measured } = await house({ labels: { node: 'a "b" \\ c\nd' } })
    expect(measured.text()).toContain('rookery_sockets{node="a \\"b\\" \\\\ c\\nd"} 1\n')
    expect(measured.text()).toContain('rookery_broadcast_recipients_bucket{node="a \\"b\\" \\\\ c\\nd",le="+Inf"} 0\n')
  })

  it("answers a scrape with the media type of the format", async () => {
    const { measured } = await house()
    const response = measured.response()
    expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8")
    expect(await response.text()).toBe(measured.text())
  })
})
