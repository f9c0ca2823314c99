import { afterEach, describe, expect, it, vi } from "vitest"
import { json, jsonV1, Presence, Socket, type SocketOptions } from "rookery"
import { msgpack } from "rookery/msgpack"
import { inProcess } from "rookery/testing"
import { makeApp, type Topics } from "./app.js"

const sockets: Socket<Topics>[] = []

function connect(app: ReturnType<typeof makeApp>, options: SocketOptions = {}): Socket<Topics> {
  const socket = new Socket<Topics>("ws://test/socket", { transport: inProcess(app), ...options })
  sockets.push(socket)
  socket.connect()
  return socket
}

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
  vi.useRealTimers()
})

describe.each([
  ["json", json()],
  ["json-v1", jsonV1()],
  ["msgpack", msgpack()],
])("the ordinary client in process, by %s", (_name, serializer) => {
  it("joins, pushes, hears and leaves", async () => {
    const app = makeApp()
    const socket = connect(app, { serializer, params: { user: "ada" }, authToken: "secret" })
    const room = await socket.join("room:1", { name: "Ada" })
    const heard = new Promise((resolve) => room.on("new_msg", resolve))
    expect((await room.push("new_msg", { text: "hi" })).text).toBe("hi")
    expect(await heard).toEqual({ from: "ada", text: "hi" })
    await expect(room.push("new_msg", { text: "" })).rejects.toMatchObject({ response: { reason: "empty" } })
    await expect(socket.join("room:secret", { name: "" })).rejects.toMatchObject({ code: "refused" })
    const closed = new Promise((resolve) => app.on("channelEnded", resolve))
    await room.leave()
    expect(await closed).toMatchObject({ topic: "room:1", reason: { kind: "left" } })
  })

  it("knows who is present", async () => {
    const room = connect(makeApp(), { serializer }).channel("room:present", { name: "Ada" })
    const presence = new Presence(room)
    const synced = new Promise<void>((resolve) => presence.onSync(resolve))
    await room.join()
    await synced
    expect(presence.list((key) => key)).toEqual(["Ada"])
  })
})

describe("the way in process", () => {
  it("carries bytes, each end with a copy of its own", async () => {
    const room = await connect(makeApp()).join("room:1", { name: "Ada" })
    const bytes = new Uint8Array([1, 2])
    const push = room.push("echo", bytes)
    bytes.fill(9)
    expect(new Uint8Array((await push) as ArrayBuffer)).toEqual(new Uint8Array([1, 2]))
  })

  it("shows headers and an address to connect", async () => {
    const app = makeApp()
    const seen = new Promise((resolve) => app.on("socketConnected", ({ socket }) => resolve(socket.id)))
    connect(app, { transport: inProcess(app, { headers: { "X-From": "afar" } }) })
    expect(await seen).toBe("user:nobody")
    const address = new Promise((resolve) => app.on("socketConnected", ({ socket }) => resolve(socket.address)))
    connect(app, { transport: inProcess(app, { address: "10.0.0.1" }) })
    expect(await address).toBe("10.0.0.1")
  })

  it.each([
    ["by connect", "ws://test/socket", { user: "mallory" }, 401],
    ["because there is nothing", "ws://test/elsewhere", {}, 404],
    ["for its query", "ws://test/socket?a=%ff", {}, 400],
  ])("tells why a client was refused: %s", async (_why, url, params, status) => {
    const app = makeApp()
    const socket = new Socket<Topics>(url, { transport: inProcess(app), params, maxReconnectAttempts: 0 })
    sockets.push(socket)
    socket.connect()
    await expect(socket.opened()).rejects.toMatchObject({ code: "connect_refused", status })
    expect(app.counters().rookery_sockets).toBe(0)
  })

  it("ends with the code of the server, and the client comes back", async () => {
    vi.useFakeTimers()
    const app = makeApp()
    const socket = connect(app, { params: { user: "ada" }, reconnectAfterMs: () => 1000 })
    const room = await socket.join("room:1", { name: "Ada" })
    const closed = new Promise((resolve) => socket.onClose(resolve))
    app.disconnect("user:ada")
    expect(await closed).toEqual({ code: 1001, reason: "", wasClean: true })
    const pushed = room.push("new_msg", { text: "still there" })
    await vi.advanceTimersByTimeAsync(1000)
    expect((await pushed).text).toBe("still there")
    expect(app.counters()).toMatchObject({ rookery_sockets: 1, rookery_sockets_connected_total: 2 })
  })

  it("ends with the code of the client, on both ends", async () => {
    const app = makeApp()
    const socket = connect(app)
    await socket.join("room:1", { name: "Ada" })
    const ended = new Promise((resolve) => app.on("channelEnded", ({ reason }) => resolve(reason)))
    const closed = new Promise((resolve) => socket.onClose(resolve))
    socket.disconnect(undefined, 3000, "enough")
    expect(await closed).toEqual({ code: 3000, reason: "enough", wasClean: true })
    expect(await ended).toEqual({ kind: "closed", code: 3000 })
  })

  it("leaves nobody behind that was given up while it connected", async () => {
    let letIn = (): void => {}
    const waiting = new Promise<void>((resolve) => (letIn = resolve))
    const app = makeApp({ connect: () => waiting.then(() => ({ assigns: { user: "ada", token: null } })) })
    const closed = new Promise((resolve) => app.on("socketClosed", ({ code }) => resolve(code)))
    const socket = connect(app)
    await new Promise<void>((resolve) => socket.disconnect(resolve))
    letIn()
    expect(await closed).toBe(1000)
    expect(app.counters().rookery_sockets).toBe(0)
  })
})
