import { Socket, webSocket } from "rookery"
import { afterEach, describe, expect, it } from "vitest"
import { WebSocket } from "ws"
import { startReferenceApp } from "../support/reference-app.js"
import { example, type Program } from "../support/program.js"
import { API_KEY, startSupabaseApp } from "../support/supabase-app.js"

/** The packaging specs import the sources as on a platform other than Node, so the transport names its WebSocket. */
const transport = webSocket({ WebSocket })

const running: Program[] = []
const started = (program: Program): Program => {
  running.push(program)
  return program
}
afterEach(async () => {
  await Promise.all(running.splice(0).map((program) => program.kill()))
})

describe("the example beside Express", () => {
  it("serves routes and rooms on one port, and tells a room what came by a route", async () => {
    const server = started(example("express/server.ts", "--port", "0"))
    const [, url = ""] = await server.printed(/^Listening at (http:.*)$/)
    const client = started(example("express/client.ts", "--url", `${url.replace("http", "ws")}/socket`, "--order", "9"))
    await client.printed(/^Ada notes: I am watching$/)
    const tell = (body: string): Promise<Response> =>
      fetch(`${url}/orders/9/status`, { method: "POST", headers: { "content-type": "application/json" }, body })
    expect(await (await tell('{"status":"shipped"}')).json()).toEqual({ told: ["Ada"] })
    await client.printed(/^Order 9 is shipped$/)
    expect((await tell("{}")).status).toBe(422)
    expect((await fetch(`${url}/nothing`)).status).toBe(404)
    await client.kill()
    expect(await server.kill("SIGTERM")).toBe(0)
  })
})

describe("the example beside Fastify", () => {
  it("counts votes by a channel, gives them by a route, and drains when it closes", async () => {
    const server = started(example("fastify/server.ts", "--port", "0"))
    const [, url = ""] = await server.printed(/^Listening at (http:.*)$/)
    using socket = new Socket(`${url.replace("http", "ws")}/socket`, { transport, reconnectAfterMs: () => false })
    socket.connect()
    const poll = await socket.join("poll:lunch")
    expect(await poll.push("vote", { choice: "soup" })).toEqual({ choice: "soup" })
    expect(await (await fetch(`${url}/polls/lunch`)).json()).toEqual({ soup: 1 })
    const closed = new Promise<number>((resolve) => socket.onClose(({ code }) => resolve(code)))
    const ended = server.kill("SIGTERM")
    expect(await closed).toBe(1012)
    await ended
  })
})

describe("the example of a service with a Phoenix backend", () => {
  it("sees who is there, answers in its room, comes back, and leaves when it is told to", async () => {
    const app = await startReferenceApp()
    const url = `ws://127.0.0.1:${app.port}/socket`
    const service = started(example("phoenix-backend/service.ts", "--url", url))
    await service.printed(/^\* answers in room:lobby$/)
    using socket = new Socket(url, { transport, params: { user: "ada" } })
    socket.connect()
    const room = await socket.join("room:lobby")
    const ask = async (): Promise<string> => {
      const answer = new Promise<string>((resolve) => {
        room.on("shout", ({ text, from }) => from === "clock" && resolve(text))
      })
      await room.push("shout", { text: "what time is it?", from: "ada" }, { retry: true })
      return answer
    }
    expect(await ask()).toMatch(/^it is \d{4}-/)
    app.endpoint.disconnect("user:clock")
    await service.printed(/^\* reconnecting$/)
    await service.printed(/^\* answers in room:lobby$/)
    expect(await ask()).toMatch(/^it is \d{4}-/)
    expect(await service.kill("SIGTERM")).toBe(0)
    for (const line of ["* here: clock", "* goodbye"]) expect(service.output).toContain(line)
    socket.destroy()
    await app.close()
  })

  it("gives up when it is refused", async () => {
    const app = await startReferenceApp()
    const url = `ws://127.0.0.1:${app.port}/errh?token=bad`
    const service = started(example("phoenix-backend/service.ts", "--url", url))
    await service.printed(/^\* disconnected$/)
    expect(await service.ended()).toBe(1)
    await app.close()
  })
})

describe("the example of Supabase Realtime", () => {
  it("broadcasts, sees who is there, and hears of rows", async () => {
    const app = await startSupabaseApp()
    const url = app.url.replace("/realtime/v1", "").replace("ws", "http")
    const start = (name: string): Program =>
      started(
        example("supabase-realtime/main.ts", "--url", url, "--key", API_KEY, "--name", name, "--table", "messages"),
      )
    const ada = start("Ada")
    await ada.printed(/^\* Subscribed to PostgreSQL$/)
    await ada.printed(/^\* here: Ada$/)
    const bob = start("Bob")
    await bob.printed(/^\* Subscribed to PostgreSQL$/)
    await ada.printed(/^\* here: Ada, Bob$/)
    bob.type("hello from Bob")
    await ada.printed(/^Bob: hello from Bob$/)
    app.insert("realtime:lobby", "messages", { text: "a row" })
    const [line] = await ada.printed(/^INSERT in messages: .*$/)
    expect(line).toBe('INSERT in messages: {"text":"a row"}')
    await Promise.all([ada.kill(), bob.kill()])
    await app.endpoint.close()
  })
})
