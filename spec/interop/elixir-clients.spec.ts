import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { startReferenceApp, type ReferenceApp } from "../support/reference-app.js"
import { WireClient, type WireFrame } from "../support/wire-client.js"

// The frames of two Elixir clients, taken from their source, because the clients themselves need a BEAM to run.

let app: ReferenceApp
let wire: WireClient

beforeEach(async () => {
  app = await startReferenceApp()
  wire = await WireClient.connect(app.port)
})
afterEach(async () => {
  await wire.close()
  await app.close()
})

/** Sends frames unchanged, and returns all answers of the endpoint. */
function play(...frames: (string | Buffer)[]): Promise<WireFrame[]> {
  for (const frame of frames) wire.socket.send(frame)
  return wire.fence()
}

/** Sends one frame, and returns the two messages that answer a leave. */
function leave(frame: string): Promise<WireFrame[]> {
  wire.socket.send(frame)
  return wire.take(2)
}

const text = (value: string): string => Buffer.from(value).toString("hex")
const bytes = (...parts: string[]): Buffer => Buffer.from(parts.join(""), "hex")

describe("phoenix_client 0.11.1, which joins without a join_ref and pushes with the join's ref", () => {
  const JOIN = '[null,"1","room:1","phx_join",{}]'

  it("joins, has its pushes answered, hears a broadcast and leaves", async () => {
    expect(await play(JOIN)).toEqual([
      [null, "1", "room:1", "phx_reply", { status: "ok", response: { topic: "room:1" } }],
    ])
    expect(await play('["1","2","room:1","echo",{"n":1}]')).toEqual([
      ["1", "2", "room:1", "phx_reply", { status: "ok", response: { n: 1 } }],
    ])
    expect(await play('["1","3","room:1","shout",{"n":2}]')).toEqual([
      [null, null, "room:1", "shout", { n: 2 }],
      ["1", "3", "room:1", "phx_reply", { status: "ok", response: {} }],
    ])
    expect(await leave('[null,"4","room:1","phx_leave",null]')).toEqual([
      ["1", "4", "room:1", "phx_reply", { status: "ok", response: {} }],
      [null, null, "room:1", "phx_close", {}],
    ])
  })

  it("has a push dropped that belongs to an earlier join of the topic", async () => {
    await play(JOIN)
    await leave('[null,"2","room:1","phx_leave",null]')
    await play('[null,"3","room:1","phx_join",{}]')
    expect(await play('["1","4","room:1","echo",{}]')).toEqual([])
    expect(await play('["3","5","room:1","echo",{}]')).toEqual([
      ["3", "5", "room:1", "phx_reply", { status: "ok", response: {} }],
    ])
  })
})

describe("slipstream 1.2.1, which pushes without a join_ref", () => {
  const JOIN = '["1","1","room:1","phx_join",{}]'

  it("has a push of text answered, and leaves with its join_ref", async () => {
    expect(await play(JOIN, '[null,"2","room:1","echo",{"n":1}]')).toEqual([
      ["1", "1", "room:1", "phx_reply", { status: "ok", response: { topic: "room:1" } }],
      ["1", "2", "room:1", "phx_reply", { status: "ok", response: { n: 1 } }],
    ])
    expect(await leave('["1","3","room:1","phx_leave",{}]')).toEqual([
      ["1", "3", "room:1", "phx_reply", { status: "ok", response: {} }],
      ["1", "1", "room:1", "phx_close", {}],
    ])
  })

  it("has a push of bytes answered, whose join_ref is empty because a binary frame cannot carry null", async () => {
    await play(JOIN)
    const push = bytes("00", "00", "01", "06", "06", text("2"), text("room:1"), text("binary"), "0102ff")
    const reply = bytes("01", "01", "01", "06", "02", text("1"), text("2"), text("room:1"), text("ok"), "0102ff")
    expect(await play(push)).toEqual([reply])
  })

  it("has its heartbeat answered", async () => {
    expect(await play('[null,"1","phoenix","heartbeat",{}]')).toEqual([
      [null, "1", "phoenix", "phx_reply", { status: "ok", response: {} }],
    ])
  })
})

describe("slipstream 1.2.2, which pushes with its join_ref", () => {
  it("has pushes of text and of bytes answered", async () => {
    const push = bytes("00", "01", "01", "06", "06", text("1"), text("3"), text("room:1"), text("binary"), "00")
    const reply = bytes("01", "01", "01", "06", "02", text("1"), text("3"), text("room:1"), text("ok"), "00")
    expect(await play('["1","1","room:1","phx_join",{}]', '["1","2","room:1","echo",{"n":1}]', push)).toEqual([
      ["1", "1", "room:1", "phx_reply", { status: "ok", response: { topic: "room:1" } }],
      ["1", "2", "room:1", "phx_reply", { status: "ok", response: { n: 1 } }],
      reply,
    ])
  })
})
