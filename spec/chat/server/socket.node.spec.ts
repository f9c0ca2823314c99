import { memoryStore, type ChatStore } from "rookery/chat/server"
import type { Endpoint } from "rookery/server"
import type { Socket } from "rookery"
import { afterEach, describe, expect, it } from "vitest"
import WS from "ws"
import { ChatStage, Inbox } from "./stage.js"

let stage: ChatStage
let time = Date.parse("2030-01-01T00:00:00Z")
const now = (): number => time
afterEach(() => stage[Symbol.asyncDispose]())

/** Tries to open a plain websocket, and returns 101 or the HTTP status of the refusal. */
function knock(headers: Record<string, string>): Promise<number> {
  const socket = new WS(`ws://127.0.0.1:${stage.port}/socket/websocket?vsn=2.0.0`, { headers })
  return new Promise((resolve) => {
    socket.on("open", () => {
      socket.terminate()
      resolve(101)
    })
    socket.on("unexpected-response", (request, response) => {
      request.destroy()
      resolve(response.statusCode ?? 0)
    })
    socket.on("error", () => {})
  })
}

const closing = (socket: Socket<never>): Promise<{ code?: number }> =>
  new Promise((resolve) => socket.onClose((event: unknown) => resolve(event as { code?: number })))

describe("the socket", () => {
  it("lets in whoever has a session, by token or by cookie from the chat's own page", async () => {
    stage = await ChatStage.open()
    const socket = await stage.person("ada@example.com")
    expect(socket.isConnected()).toBe(true)
    const cookie = await stage.logInByCookie("bob@example.com")
    expect(await knock({ cookie, origin: stage.origin })).toBe(101)
    expect(await knock({ cookie, origin: `http://127.0.0.1:${stage.port}` })).toBe(101)
  })

  it("keeps out whoever has none", async () => {
    stage = await ChatStage.open()
    expect(await knock({})).toBe(401)
    expect(await knock({ cookie: `rookery-session=${"A".repeat(43)}` })).toBe(401)
    await expect(stage.connect("B".repeat(43))).rejects.toMatchObject({ code: "connect_refused", status: 401 })
  })

  it("keeps out another site's page, though the browser sends the cookie along", async () => {
    stage = await ChatStage.open({ origins: ["https://www.example.com"] })
    const cookie = await stage.logInByCookie("ada@example.com")
    expect(await knock({ cookie, origin: "https://evil.example" })).toBe(403)
    expect(await knock({ cookie, origin: "null" })).toBe(403)
    expect(await knock({ cookie, origin: `http://localhost:${stage.port + 1}` })).toBe(403)
    expect(await knock({ cookie, origin: "https://www.example.com" })).toBe(101)
  })

  it("ends everywhere with the log-out of its session, and no other does", async () => {
    stage = await ChatStage.open()
    const token = await stage.logIn("ada@example.com")
    const [first, second] = [await stage.connect(token), await stage.connect(token)]
    const other = await stage.person("ada@example.com")
    const closed = Promise.all([closing(first as Socket<never>), closing(second as Socket<never>)])
    await stage.ask("DELETE", "/api/session", { headers: { authorization: `Bearer ${token}` } })
    expect((await closed).map(({ code }) => code)).toEqual([1001, 1001])
    await other.channel("room:lobby").join()
    expect(other.isConnected()).toBe(true)
    await expect(stage.connect(token)).rejects.toMatchObject({ status: 401 })
  })

  it("ends though its session was ended while it was being opened", async () => {
    const store = memoryStore()
    const asked = new Inbox<() => void>()
    const slow: ChatStore = {
      ...store,
      displayName: (email) => new Promise((resolve) => asked.put(() => resolve(store.displayName(email)))),
    }
    stage = await ChatStage.open({ store: slow })
    const loggedIn = stage.logIn("ada@example.com")
    const tellName = await asked.next()
    tellName()
    const token = await loggedIn
    const socket = stage.socket(token)
    const closed = closing(socket as Socket<never>)
    socket.connect()
    const letIn = await asked.next()
    await stage.ask("DELETE", "/api/session", { headers: { authorization: `Bearer ${token}` } })
    letIn()
    expect((await closed).code).toBe(1001)
    expect(stage.chat.endpoint.counters().rookery_sockets).toBe(0)
  })

  it("ends when its session expires", async () => {
    stage = await ChatStage.open({ now, sessionDays: 1 })
    const early = await stage.person("ada@example.com")
    time += 3_600_000
    const late = await stage.person("bob@example.com")
    const closed = closing(early as Socket<never>)
    time += 23 * 3_600_000
    await stage.chat.sweep()
    expect((await closed).code).toBe(1001)
    await late.channel("room:lobby").join()
    expect(late.isConnected()).toBe(true)
  })

  it("is one of so many that a person may open", async () => {
    stage = await ChatStage.open({ limits: { socketsPerUser: 2 } })
    const token = await stage.logIn("ada@example.com")
    const first = await stage.connect(token)
    await stage.connect(token)
    await expect(stage.connect(token)).rejects.toMatchObject({ status: 429 })
    await stage.person("bob@example.com")
    const gone = new Inbox<unknown>()
    stage.chat.endpoint.on("socketClosed", gone.put)
    first.destroy()
    await gone.next()
    expect((await stage.connect(token)).isConnected()).toBe(true)
  })

  it("carries channels of one's own beside the chat's", async () => {
    stage = await ChatStage.open()
    const endpoint = stage.chat.endpoint as unknown as Endpoint
    endpoint.channel("clock", { join: ({ socket }) => ({ for: (socket.assigns as { email: string }).email }) })
    const socket = (await stage.person("ada@example.com")) as unknown as Socket
    expect(await socket.channel("clock").join()).toEqual({ for: "ada@example.com" })
  })

  it("is told when the server goes", async () => {
    stage = await ChatStage.open()
    const socket = await stage.person("ada@example.com")
    const closed = closing(socket as Socket<never>)
    await stage.chat.close()
    expect((await closed).code).toBe(1012)
  })
})
