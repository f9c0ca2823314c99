import { unpack } from "msgpackr"
import { Socket, type Channel, type Push, type PushStatus, type SocketConnectOption } from "phoenix"
import { json, jsonV1, longPoll, webSocket, withFallback } from "rookery"
import { msgpack } from "rookery/msgpack"
import { phoenixOptions } from "rookery/phoenix"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { WebSocket } from "ws"
import { rooms, ScriptedPhoenix } from "../support/scripted-phoenix.js"

let phoenix: ScriptedPhoenix
const sockets: Socket[] = []

beforeEach(async () => {
  phoenix = await ScriptedPhoenix.start(rooms)
})

afterEach(async () => {
  await Promise.all(sockets.splice(0).map((socket) => new Promise<void>((resolve) => socket.disconnect(resolve))))
  await phoenix.close()
})

/** The official client. Without a transport in the options it takes the WebSocket of ws, as it would a browser's. */
function connect(options: Partial<SocketConnectOption>): Socket {
  const socket = new Socket(phoenix.endPoint, { transport: WebSocket, ...options })
  sockets.push(socket)
  socket.connect()
  return socket
}

const answered = (push: Push): Promise<[string, unknown]> =>
  new Promise((resolve) => {
    for (const status of ["ok", "error", "timeout"] as PushStatus[]) {
      push.receive(status, (response) => resolve([status, response]))
    }
  })

async function joined(options: Partial<SocketConnectOption>): Promise<Channel> {
  const room = connect(options).channel("room:1", { name: "Ada" })
  expect(await answered(room.join())).toEqual(["ok", { params: { name: "Ada" } }])
  return room
}

/** All that a room is for, with what the server was asked and has to answer. */
async function converse(options: Partial<SocketConnectOption>): Promise<void> {
  const room = await joined(options)
  const heard: unknown[] = []
  room.on("shout", (payload) => void heard.push(payload))
  expect(await answered(room.push("echo", { text: "é", list: [1, null] }))).toEqual([
    "ok",
    { text: "é", list: [1, null] },
  ])
  expect(await answered(room.push("refuse", {}))).toEqual(["error", { reason: "nope" }])
  expect(await answered(room.push("shout", { text: "hi" }))).toEqual(["ok", {}])
  expect(heard).toEqual([{ text: "hi" }])
  const closed = new Promise<void>((resolve) => room.onClose(() => resolve()))
  expect(await answered(room.leave())).toEqual(["ok", {}])
  await closed
  expect(room.state).toBe("closed")
}

const SERIALIZERS = [msgpack(), json(), jsonV1()]
const overWebSocket = webSocket({ WebSocket })

describe.each(SERIALIZERS)("the official client with the serializer $name", (serializer) => {
  it("joins, pushes, hears answers and broadcasts, and leaves", async () => {
    await converse(phoenixOptions({ serializer }))
  })

  it("does so over a websocket of ours, too", async () => {
    await converse(phoenixOptions({ serializer, transport: overWebSocket }))
  })

  it("asks for it by its vsn, behind the params of the app", async () => {
    await joined({ ...phoenixOptions({ serializer }), params: { user: "ada" } })
    const { url } = await phoenix.arrivals.next()
    expect(`${url.pathname}${url.search}`).toBe(`/socket/websocket?user=ada&vsn=${serializer.vsn}`)
  })
})

describe("the official client with MessagePack", () => {
  it("sends the array of V2 in a binary frame", async () => {
    await joined(phoenixOptions({ serializer: msgpack() }))
    const frame = await phoenix.frames.next()
    expect(frame).toBeInstanceOf(Uint8Array)
    const [joinRef, ref, ...rest] = unpack(frame as Uint8Array) as unknown[]
    expect(rest).toEqual(["room:1", "phx_join", { name: "Ada" }])
    expect(joinRef).toBe(ref)
    expect(ref).toMatch(/^\d+$/)
  })

  it("carries bytes anywhere in a payload", async () => {
    const room = await joined(phoenixOptions({ serializer: msgpack() }))
    const file = Uint8Array.of(9, 0, 1, 255, 9).subarray(1, 4)
    const [, response] = await answered(room.push("echo", { file, name: "a" }))
    expect(response).toEqual({ file: expect.any(Uint8Array) as Uint8Array, name: "a" })
    expect([...(response as { file: Uint8Array }).file]).toEqual([0, 1, 255])
  })

  it("asks for the version that it is given", async () => {
    await joined(phoenixOptions({ serializer: msgpack({ vsn: "3.1.0" }) }))
    const { url } = await phoenix.arrivals.next()
    expect(url.searchParams.get("vsn")).toBe("3.1.0")
  })
})

describe.each([msgpack(), json()])("the official client with bytes for a payload, by $name", (serializer) => {
  const BYTES = Uint8Array.of(9, 0, 1, 255, 9)

  it.each([
    ["an ArrayBuffer", BYTES.slice(1, 4).buffer],
    ["a view of one, from its offset on", BYTES.subarray(1, 4)],
    ["a DataView", new DataView(BYTES.buffer, 1, 3)],
  ])("sends %s, and is given an ArrayBuffer", async (_what, bytes) => {
    const room = await joined(phoenixOptions({ serializer }))
    const broadcast = new Promise((resolve) => room.on("shout", resolve))
    const [, response] = await answered(room.push("echo", bytes))
    expect(await answered(room.push("shout", bytes))).toEqual(["ok", {}])
    for (const got of [response, await broadcast]) {
      expect(got).toBeInstanceOf(ArrayBuffer)
      expect([...new Uint8Array(got as ArrayBuffer)]).toEqual([0, 1, 255])
    }
  })
})

describe("the official client over our long-poll", () => {
  it("joins, pushes, hears answers and broadcasts, and leaves", async () => {
    await converse(phoenixOptions({ transport: longPoll() }))
    const { url } = await phoenix.arrivals.next()
    expect(`${url.pathname}${url.search}`).toBe("/socket/longpoll?vsn=2.0.0")
  })

  it("speaks a serializer of text", async () => {
    await converse(phoenixOptions({ serializer: jsonV1(), transport: longPoll() }))
    const { url } = await phoenix.arrivals.next()
    expect(url.searchParams.get("vsn")).toBe("1.0.0")
  })

  it("speaks JSON where the serializer is for binary frames", async () => {
    await converse(phoenixOptions({ serializer: msgpack(), transport: longPoll() }))
    const { url } = await phoenix.arrivals.next()
    expect(url.searchParams.get("vsn")).toBe("2.0.0")
    expect(await phoenix.frames.next()).toMatch(/^\[.*"phx_join"/)
  })
})

describe("the official client over a websocket with a fallback", () => {
  const options = (): Partial<SocketConnectOption> =>
    phoenixOptions({ serializer: msgpack(), transport: withFallback(overWebSocket, longPoll()) })

  it("stays with the websocket where that works", async () => {
    await converse(options())
    expect((await phoenix.arrivals.next()).url.pathname).toBe("/socket/websocket")
    expect(await phoenix.frames.next()).toBeInstanceOf(Uint8Array)
  })

  it("goes over to long-poll where it does not, and speaks JSON there", async () => {
    phoenix.takesWebSockets = false
    await converse(options())
    expect((await phoenix.arrivals.next()).url.pathname).toBe("/socket/longpoll")
    expect(typeof (await phoenix.frames.next())).toBe("string")
  })
})

describe.each([
  ["a websocket", overWebSocket],
  ["long-poll", longPoll()],
])("the official client over %s of ours", (_, transport) => {
  it("the official client joins again after a lost connection", async () => {
    const room = await joined(phoenixOptions({ serializer: msgpack(), transport }))
    const broken = new Promise((resolve) => room.onError(resolve))
    const again = new Promise<void>((resolve) => {
      room.onError(() => void room.push("echo", { still: "here" }).receive("ok", () => resolve()))
    })
    phoenix.drop()
    expect(await broken).toMatchObject({ source: "transport" })
    await again
    expect(room.state).toBe("joined")
  })
})

describe("the auth token of the official client", () => {
  it.each(["a token+/?~", "tökén"])("gets through a websocket of ours and its own alike: %s", async (authToken) => {
    for (const options of [phoenixOptions({ transport: overWebSocket }), {}]) {
      await joined({ ...options, authToken })
      const { url, protocols } = await phoenix.arrivals.next()
      const encoded = protocols[1]?.replace("base64url.bearer.phx.", "") ?? ""
      expect(protocols[0]).toBe("phoenix")
      expect(url.href).not.toContain("token")
      expect(Buffer.from(encoded, "base64").toString(options.transport ? "utf8" : "latin1")).toBe(authToken)
    }
  })

  it("gets through our long-poll in its header", async () => {
    await joined({ ...phoenixOptions({ transport: longPoll() }), authToken: "a token+/?~" })
    expect((await phoenix.arrivals.next()).authToken).toBe("a token+/?~")
  })
})
