import { afterEach, describe, expect, it } from "vitest"
import { Intruder, requestText, UPGRADE } from "../../hostile/attack/intruder.js"
import { ChatStage } from "./stage.js"

const closing: (() => unknown)[] = []
const thrown: unknown[] = []
const note = (error: unknown): unknown => thrown.push(error)

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
  process.off("uncaughtException", note)
  expect(thrown.splice(0)).toEqual([])
})

async function open(options: Parameters<typeof ChatStage.open>[0] = {}): Promise<ChatStage> {
  process.on("uncaughtException", note)
  const stage = await ChatStage.open(options)
  closing.push(() => stage.chat.close({ deadlineMs: 0 }))
  return stage
}

const knock = async (port: number): Promise<Intruder> => {
  const intruder = await Intruder.connect({ port })
  closing.push(() => intruder.leave())
  return intruder
}

describe("the chat's server", () => {
  it.each([
    ["nothing comes", ""],
    ["headers drip", "GET / HTTP/1.1\r\nhost: x\r\n"],
  ])("ends a connection after its time where %s", async (_, bytes) => {
    const { port } = await open({ endpoint: { limits: { handshakeMs: 30 } } })
    const intruder = await knock(port)
    intruder.send(bytes)
    await intruder.ended
    expect(intruder.statuses).toEqual([408])
  })

  it("ends a connection between two requests after its time where the headers of the second drip", async () => {
    const { port } = await open({ endpoint: { limits: { handshakeMs: 3000, messageMs: 3000 } } })
    const intruder = await knock(port)
    intruder.send(requestText("GET", "/login?token=x"))
    await intruder.until(() => intruder.statuses.length > 0)
    intruder.send("GET / HTTP/1.1\r\nhost: x\r\n")
    await intruder.ended
    expect(intruder.statuses).toEqual([200, 408])
  })

  it("lives on behind an upgrade that was sent behind a request without an answer", async () => {
    const stage = await open()
    const intruder = await knock(stage.port)
    const login = requestText("POST", "/api/login", ["content-type: application/json", "content-length: 2"], "{}")
    intruder.send(login + requestText("GET", "/nowhere", UPGRADE))
    await intruder.ended
    expect((await stage.ask("GET", "/nowhere")).status).toBe(404)
  })

  it("has closed by its deadline though a body drips", async () => {
    const { port, chat } = await open()
    const intruder = await knock(port)
    const headers = ["content-type: application/json", "content-length: 20", "expect: 100-continue"]
    intruder.send(requestText("POST", "/api/login", headers, "{"))
    await intruder.until(() => intruder.statuses.includes(100))
    await chat.close({ deadlineMs: 50 })
    await intruder.ended
    expect(intruder.statuses).toEqual([100])
  })
})
