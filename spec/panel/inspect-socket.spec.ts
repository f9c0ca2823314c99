import { describe, expect, it, vi } from "vitest"
import { json, type ClientSerializer, type Socket } from "rookery"
import { msgpack } from "rookery/msgpack"
import {
  inspectSocket,
  type InspectSocketOptions,
  type MessageReport,
  type SocketInspection,
  type SocketReport,
} from "rookery/panel"
import { staged, settled } from "../support/client.js"
import { clientStages } from "./stage.js"

const client = clientStages()

/** The reports of a socket, as they come. */
function listening(
  socket: Socket,
  options?: InspectSocketOptions,
): { reports: SocketReport[]; inspection: SocketInspection; stop: () => void } {
  const reports: SocketReport[] = []
  const inspection = inspectSocket(socket, options)
  return { reports, inspection, stop: inspection.listen((report) => reports.push(report)) }
}

const messagesOf = (reports: readonly SocketReport[]): MessageReport[] =>
  reports.filter((report) => report.kind === "message")

const pinged = (socket: Socket): Promise<number> =>
  new Promise((resolve) => {
    expect(socket.ping(resolve)).toBe(true)
  })

describe("inspectSocket", () => {
  it("tells of each message of a socket that is connected already, with the bytes of its frame", async () => {
    const socket = await client()
    const { reports } = listening(socket)
    const room = await socket.join("room:1")
    expect(await room.push("echo", { text: "ü" })).toEqual({ text: "ü" })
    const sent = { kind: "message", direction: "sent", topic: "room:1", serializer: "json", form: "text" }
    expect(messagesOf(reports)).toMatchObject([
      { ...sent, event: "phx_join", ref: "2", joinRef: "2" },
      { direction: "received", event: "phx_reply", ref: "2", payload: { status: "ok" } },
      { ...sent, event: "echo", payload: { text: "ü" }, bytes: '["2","3","room:1","echo",{"text":"ü"}]'.length + 1 },
      { direction: "received", event: "phx_reply", payload: { status: "ok", response: { text: "ü" } } },
    ])
  })

  it("tells of the bytes of MessagePack, of what other serializers would take, and of offsets", async () => {
    const socket = await client({ serializer: msgpack() })
    const { reports, inspection } = listening(socket, { compare: [json(), msgpack()] })
    const room = socket.channel("room:1", {}, { recover: true })
    const heard = new Promise((resolve) => room.on("shout", resolve))
    await room.join()
    await room.push("shout", { numbers: [1, 2, 3] })
    await heard
    const broadcast = messagesOf(reports).find(
      ({ direction, event }) => direction === "received" && event === "shout",
    ) as MessageReport
    expect(broadcast).toMatchObject({
      serializer: "msgpack",
      form: "binary",
      offset: 1,
      payload: { numbers: [1, 2, 3] },
    })
    expect(broadcast.sizes["msgpack"]).toBe(broadcast.bytes)
    expect(broadcast.sizes["json"]).toBe('[null,null,"room:1","shout",{"numbers":[1,2,3]},1]'.length)
    const sum = (direction: string): number =>
      messagesOf(reports).reduce((all, report) => all + (report.direction === direction ? report.bytes : 0), 0)
    expect(inspection.snapshot()).toMatchObject({
      bytes: { msgpack: { sent: sum("sent"), received: sum("received") } },
      messages: { sent: 2, received: 3 },
    })
  })

  it("names JSON where a connection of text only speaks it instead of MessagePack", async () => {
    const { socket, stage } = staged({ serializer: msgpack() }, { plays: false })
    const { reports } = listening(socket)
    socket.connect()
    stage.line.open({ textOnly: true })
    const joining = socket.channel("room:1").join()
    stage.line.reply(stage.line.last("phx_join"))
    await joining
    expect(messagesOf(reports)).toMatchObject([
      { direction: "sent", event: "phx_join", serializer: "json", form: "text" },
      { direction: "received", event: "phx_reply", serializer: "json", form: "text" },
    ])
    socket.destroy()
  })

  it("measures the latency by any heartbeat", async () => {
    const socket = await client()
    const { reports, inspection } = listening(socket)
    expect(inspection.snapshot().latencyMs).toBeNull()
    await pinged(socket)
    await vi.waitFor(() => expect(inspection.snapshot().latencyMs).toBeGreaterThanOrEqual(0))
    expect(reports.filter(({ kind }) => kind === "latency")).toMatchObject([
      { ms: inspection.snapshot().latencyMs, at: expect.any(Number) },
    ])
  })

  it("measures a heartbeat that is sent as the connection opens", async () => {
    const { socket, stage } = staged({}, { plays: false })
    const { reports } = listening(socket)
    socket.onOpen(() => socket.ping(() => {}))
    socket.connect()
    stage.line.open()
    stage.line.reply(stage.line.last("heartbeat"))
    expect(reports.map(({ kind }) => kind).filter((kind) => kind !== "message")).toEqual([
      "status",
      "status",
      "latency",
    ])
    socket.destroy()
  })

  it("tells once of a message, also when another program has put its functions around those of a former listener", async () => {
    const socket = await client()
    const { options } = socket
    const { stop } = listening(socket)
    const { encode, decode } = options
    options.encode = (message, callback) => encode?.(message, callback)
    options.decode = (frame, callback) => decode?.(frame, callback)
    stop()
    const { reports } = listening(socket)
    await pinged(socket)
    expect(messagesOf(reports).map(({ direction }) => direction)).toEqual(["sent", "received"])
  })

  it("tells of what a codec of the application throws", async () => {
    const encode = (): never => {
      throw new Error("no such key")
    }
    const { socket, stage } = staged({ encode }, { plays: false })
    const { reports } = listening(socket)
    socket.connect()
    stage.line.open()
    socket.ping(() => {})
    expect(reports.at(-1)).toMatchObject({ kind: "error", direction: "sent", message: "no such key" })
    socket.destroy()
  })

  it("tells of the status, of the next attempt, and why the connection was lost", async () => {
    vi.useFakeTimers()
    try {
      const { socket, stage } = staged({ reconnectAfterMs: () => 5000 })
      const { reports, inspection } = listening(socket)
      socket.connect()
      await settled()
      stage.line.close(1011, "oops")
      await settled()
      vi.advanceTimersByTime(2000)
      const lost = "closed with 1011: oops"
      expect(reports.filter(({ kind }) => kind === "status")).toMatchObject([
        { status: "connecting", tries: 0, retryInMs: null, lost: null },
        { status: "connected" },
        { status: "reconnecting", tries: 1, retryInMs: 5000, lost },
      ])
      expect(inspection.snapshot()).toMatchObject({ status: "reconnecting", tries: 1, retryInMs: 3000, lost })
      socket.destroy()
    } finally {
      vi.useRealTimers()
    }
  })

  it("knows the channels with their states", async () => {
    const socket = await client()
    const { inspection } = listening(socket)
    await socket.join("room:1")
    socket.channel("room:2").join()
    expect(inspection.channels()).toEqual([
      { topic: "room:1", state: "joined" },
      { topic: "room:2", state: "joining" },
    ])
    expect(inspection.channels(1)).toHaveLength(1)
    expect(inspection.snapshot().channels).toBe(2)
  })

  it("hides secrets and cuts what is long", async () => {
    const socket = await client()
    const { reports } = listening(socket, { secrets: /^iban$/ })
    const room = await socket.join("room:1", { token: "t0ps3cret" })
    await room.push("echo", { iban: "DE02", text: "x".repeat(10_000) })
    expect(messagesOf(reports)[0]?.payload).toEqual({ token: "(hidden)" })
    expect(messagesOf(reports)[2]?.payload).toEqual({
      iban: "(hidden)",
      text: expect.stringMatching(/^x{500}… \(9500 more\)$/),
    })
  })

  it("leaves the options of the socket as they were once nobody listens, in whatever order they go", async () => {
    const encode: NonNullable<Socket["options"]["encode"]> = (message, callback) =>
      callback(json().client.encode(message))
    const socket = await client({ encode })
    const before = { encode: socket.options.encode, decode: socket.options.decode }
    const one = listening(socket)
    const other = listening(socket)
    const room = await socket.join("room:1")
    expect(messagesOf(one.reports)).toHaveLength(2)
    one.stop()
    await room.push("echo", {})
    expect(messagesOf(one.reports)).toHaveLength(2)
    expect(messagesOf(other.reports)).toHaveLength(4)
    other.stop()
    expect({ encode: socket.options.encode, decode: socket.options.decode }).toEqual(before)
    expect(await room.push("echo", { still: "works" })).toEqual({ still: "works" })
    expect(messagesOf(other.reports)).toHaveLength(4)
  })

  it("tells of a message that cannot be encoded, which fails as without it", async () => {
    const socket = await client()
    const room = await socket.join("room:1")
    const { reports } = listening(socket)
    await expect(room.push("echo", { big: 1n })).rejects.toThrow("JSON cannot carry this payload")
    expect(reports).toMatchObject([
      { kind: "error", direction: "sent", message: expect.stringContaining("JSON cannot carry this payload") },
    ])
  })

  it("tells of a frame that cannot be decoded, which is reported as without it", async () => {
    const { client: codec } = json()
    const broken: ClientSerializer = {
      ...json(),
      client: {
        ...codec,
        decode() {
          throw new TypeError("broken")
        },
      },
    }
    const socket = await client({ serializer: broken })
    const errors: unknown[] = []
    socket.onError((error) => errors.push(error))
    const { reports } = listening(socket)
    socket.ping(() => {})
    await vi.waitFor(() => expect(errors).toHaveLength(1))
    expect(reports.at(-1)).toMatchObject({ kind: "error", direction: "received", message: "broken" })
  })

  it("reports an error of a listener, and the message arrives all the same", async () => {
    const socket = await client()
    const errors: unknown[] = []
    socket.onError((error) => errors.push(error))
    inspectSocket(socket).listen(() => {
      throw new Error("mine")
    })
    const room = await socket.join("room:1")
    expect(await room.push("echo", { a: 1 })).toEqual({ a: 1 })
    expect(errors[0]).toEqual(new Error("mine"))
  })
})
