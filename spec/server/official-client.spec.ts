import { LongPoll, Presence, Socket, type Channel, type PushStatus } from "phoenix"
import { afterEach, describe, expect, it } from "vitest"
import { WebSocket } from "ws"
import { startReferenceApp, type ReferenceApp } from "../support/reference-app.js"

let app: ReferenceApp | undefined
const sockets: Socket[] = []

afterEach(async () => {
  await Promise.all(sockets.splice(0).map((socket) => new Promise<void>((resolve) => socket.disconnect(resolve))))
  await app?.close()
})

async function connect(transport: unknown, params: object = {}, options: object = {}): Promise<Socket> {
  app ??= await startReferenceApp()
  const socket = new Socket(`ws://127.0.0.1:${app.port}/socket`, {
    transport: transport as new (endpoint: string) => object,
    params,
    ...options,
  })
  sockets.push(socket)
  socket.connect()
  return socket
}

const settled = (push: ReturnType<Channel["push"]>): Promise<[string, unknown]> =>
  new Promise((resolve) => {
    for (const status of ["ok", "error", "timeout", "busy"] as PushStatus[])
      push.receive(status, (response) => resolve([status, response]))
  })

describe.each([
  ["websocket", WebSocket],
  ["long-poll", LongPoll],
])("the official client over %s", (_, transport) => {
  afterEach(() => (app = undefined))

  it("joins, pushes, hears broadcasts and leaves", async () => {
    const socket = await connect(transport, { user: "ada" })
    const room = socket.channel("room:1", {})
    const heard: unknown[] = []
    room.on("shout", (payload) => void heard.push(payload))
    expect(await settled(room.join())).toEqual(["ok", { topic: "room:1" }])
    expect(await settled(room.push("echo", { a: 1 }))).toEqual(["ok", { a: 1 }])
    expect(await settled(room.push("fail", {}))).toEqual(["error", { reason: "nope" }])
    expect(await settled(room.push("custom_status", {}))).toEqual(["busy", { retry: 1 }])
    expect(await settled(room.push("shout", { text: "hi" }))).toEqual(["ok", {}])
    expect(heard).toEqual([{ text: "hi" }])
    expect(await settled(room.leave() as ReturnType<Channel["push"]>)).toEqual(["ok", {}])
  })

  it("joins again after a crash", async () => {
    const socket = await connect(transport, {}, { rejoinAfterMs: () => 10 })
    const room = socket.channel("room:1", {})
    await settled(room.join())
    const crashed = new Promise((resolve) => room.onError(resolve))
    room.push("crash", {})
    await crashed
    expect(await settled(room.push("echo", { back: 1 }))).toEqual(["ok", { back: 1 }])
  })

  it("keeps a presence", async () => {
    const [ada, bob] = [await connect(transport, { user: "ada" }), await connect(transport, { user: "bob" })]
    const rooms = [ada.channel("presence:1", { name: "Ada" }), bob.channel("presence:1", { name: "Bob" })]
    const presence = new Presence(rooms[0] as Channel)
    const both = new Promise<void>((resolve) => {
      presence.onSync(() => {
        if (presence.list().length === 2) resolve()
      })
    })
    for (const room of rooms) await settled(room.join())
    await both
    const gone = new Promise((resolve) => presence.onLeave((key) => resolve(key)))
    rooms[1]?.leave()
    expect(await gone).toBe("bob")
  })

  it("hands over its auth token", async () => {
    const socket = await connect(transport, { user: "ada" }, { authToken: "a token" })
    const room = socket.channel("room:1", {})
    await settled(room.join())
    expect(await settled(room.push("whoami", {}))).toEqual(["ok", { user: "ada", auth_token: "a token" }])
  })
})

describe("the official client over websocket", () => {
  afterEach(() => (app = undefined))

  it("sends and gets bytes", async () => {
    const socket = await connect(WebSocket)
    const room = socket.channel("room:1", {})
    await settled(room.join())
    const bytes = Uint8Array.of(1, 2, 255).buffer
    const [status, response] = await settled(room.push("binary", bytes as unknown as object))
    expect([status, new Uint8Array(response as ArrayBuffer)]).toEqual(["ok", Uint8Array.of(1, 2, 255)])
  })

  it("comes back after it was sent away", async () => {
    const socket = await connect(WebSocket, { user: "ada" }, { rejoinAfterMs: () => 10, reconnectAfterMs: () => 10 })
    const room = socket.channel("room:1", {})
    await settled(room.join())
    const closed = new Promise<{ code: number }>((resolve) =>
      socket.onClose((event) => resolve(event as { code: number })),
    )
    room.push("disconnect_me", {})
    expect((await closed).code).toBe(1001)
    expect(await settled(room.push("echo", { back: 1 }))).toEqual(["ok", { back: 1 }])
  })
})
