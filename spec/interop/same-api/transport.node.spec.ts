import { describe, vi } from "vitest"
import { compareOn, differs, same } from "../../support/api-table.js"
import type { FakeWebSocket } from "../../support/fake-websocket.js"

type WebSocketClass = new (url: string, protocols?: string | string[]) => FakeWebSocket

const ws = vi.hoisted(() => ({ WebSocket: undefined as WebSocketClass | undefined }))

vi.mock("ws", () => ({
  default: function newWebSocket(url: string, protocols?: string | string[]) {
    if (ws.WebSocket === undefined) throw new Error("the row has not said what ws gives")
    return new ws.WebSocket(url, protocols)
  },
}))

describe("transport", () => {
  compareOn([
    same("is a class in the shape of WebSocket", async (t) => {
      class Mine extends t.server.WebSocket {}
      const socket = await t.connected({ transport: Mine })
      t.note("mine", t.server.socket instanceof Mine, socket.isConnected())
    }),
    same("is the platform's WebSocket unless given", (t) => {
      vi.stubGlobal("WebSocket", (ws.WebSocket = t.server.WebSocket))
      t.socket({ transport: undefined }).connect()
    }),
    differs(
      "no transport in Node 20, which has no WebSocket",
      {
        why: "the package includes one there",
        phoenix: ["GET /socket/longpoll?vsn=2.0.0"],
        rookery: ["connect ws://example.test/socket/websocket?vsn=2.0.0"],
      },
      async (t) => {
        t.longPoll()
        vi.stubGlobal("WebSocket", undefined)
        ws.WebSocket = t.server.WebSocket
        t.socket({ transport: undefined }).connect()
        await t.after(0)
      },
    ),
  ])
})

describe("replaceTransport", () => {
  compareOn([
    same("closes the connection, and the next connect takes the new transport", async (t) => {
      const { socket, room } = await t.joined()
      t.seeSocket(socket)
      t.seeChannel(room)
      class Other extends t.server.WebSocket {}
      socket.replaceTransport(Other)
      t.note("state", socket.connectionState(), room.state)
      await t.after(1000)
      socket.connect()
      await t.after(10)
      t.note("other", t.server.socket instanceof Other, room.state)
    }),
    same("takes what getLongPollTransport gives", async (t) => {
      t.longPoll()
      const { socket, room } = await t.joined()
      socket.replaceTransport(socket.getLongPollTransport())
      await t.after(1000)
      socket.connect()
      await t.after(20)
      t.note("state", socket.connectionState(), room.state)
    }),
    same("before connect() only changes the transport", async (t) => {
      const socket = t.socket()
      class Other extends t.server.WebSocket {}
      socket.replaceTransport(Other)
      socket.connect()
      t.note("other", t.server.socket instanceof Other)
    }),
  ])
})
