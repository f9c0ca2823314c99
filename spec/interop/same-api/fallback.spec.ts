import { describe } from "vitest"
import type { Stage } from "../../support/api-stage.js"
import { compareOn, differs, same } from "../../support/api-table.js"

class Storage {
  readonly items = new Map<string, string>()
  getItem(key: string): string | null {
    return this.items.get(key) ?? null
  }
  setItem(key: string, value: string): void {
    this.items.set(key, value)
  }
}

function fallingBack(t: Stage, sessionStorage = new Storage()) {
  const socket = t.socket({ longPollFallbackMs: 500, sessionStorage })
  const noteMemory = (): void => t.note("remembered", [...sessionStorage.items])
  return { socket, sessionStorage, noteMemory }
}

describe("longPollFallbackMs", () => {
  compareOn([
    same("a websocket that is refused is replaced by long-poll, which is remembered", async (t) => {
      t.longPoll()
      t.server.refuses = 1
      const { socket, noteMemory } = fallingBack(t)
      t.seeSocket(socket)
      const room = socket.channel("room:1")
      t.seeChannel(room)
      t.seeAnswers(room.join(), "join")
      socket.connect()
      await t.after(1000)
      t.note("state", socket.connectionState(), room.state)
      noteMemory()
    }),
    same("so is one that does not open in time", async (t) => {
      t.longPoll()
      t.server.connected = (socket) => t.note(`connect ${socket.url}`)
      const { socket, noteMemory } = fallingBack(t)
      t.seeSocket(socket)
      socket.connect()
      await t.after(499)
      t.note("not yet")
      await t.after(100)
      t.note("state", socket.connectionState())
      noteMemory()
    }),
    same("so is one that opens and does not answer a ping", async (t) => {
      t.longPoll()
      t.server.silent = true
      const { socket, noteMemory } = fallingBack(t)
      socket.onOpen(t.see("socket open"))
      socket.connect()
      await t.after(480)
      t.note("not yet")
      await t.after(100)
      t.note("state", socket.connectionState())
      noteMemory()
    }),
    same("what is remembered goes for the next socket", async (t) => {
      t.longPoll()
      t.server.refuses = 1
      const { socket, sessionStorage } = fallingBack(t)
      socket.connect()
      await t.after(100)
      socket.disconnect()
      await t.after(100)
      t.note("another socket")
      const next = fallingBack(t, sessionStorage)
      t.seeSocket(next.socket)
      next.socket.connect()
      await t.after(100)
      t.note("state", next.socket.connectionState())
    }),
    same("once fallen back, a socket stays with long-poll", async (t) => {
      const longPoll = t.longPoll()
      t.server.refuses = 1
      const { socket } = fallingBack(t)
      socket.connect()
      await t.after(100)
      longPoll.instead.POST = { status: 500 }
      socket.push({ topic: "room:1", event: "hello", payload: {}, ref: "1", join_ref: "1" })
      await t.after(5)
      delete longPoll.instead.POST
      await t.after(100)
      t.note("state", socket.connectionState())
    }),
    same("a websocket that works stays", async (t) => {
      const { socket, noteMemory } = fallingBack(t)
      t.seeSocket(socket)
      socket.connect()
      await t.after(2000)
      t.note("state", socket.connectionState())
      noteMemory()
    }),
    same("disconnect ends the waiting", async (t) => {
      t.longPoll()
      t.server.connected = (socket) => t.note(`connect ${socket.url}`)
      const { socket } = fallingBack(t)
      socket.connect()
      await t.after(100)
      socket.disconnect()
      await t.after(5000)
      t.note("state", socket.connectionState())
    }),
    differs(
      "a websocket that worked, and is refused once when it is tried again",
      {
        why: "the websocket is known to work here; the network failed for a moment",
        phoenix: [
          "connect ws://example.test/socket/websocket?vsn=2.0.0",
          "fetch http://example.test/socket/longpoll?vsn=2.0.0&",
        ],
        rookery: [
          "connect ws://example.test/socket/websocket?vsn=2.0.0",
          "connect ws://example.test/socket/websocket?vsn=2.0.0",
        ],
      },
      async (t) => {
        const { socket } = fallingBack(t)
        socket.connect()
        await t.after(1000)
        t.forget()
        t.server.refuses = 1
        t.server.socket.closeFromServer(1006)
        await t.after(100)
      },
    ),
    differs(
      "a websocket that worked, and is connected again",
      {
        why: "the websocket is known to work",
        phoenix: ["connect ws://example.test/socket/websocket?vsn=2.0.0", '-> null #1 "phoenix" "heartbeat" {}'],
        rookery: ["connect ws://example.test/socket/websocket?vsn=2.0.0"],
      },
      async (t) => {
        const { socket } = fallingBack(t)
        socket.connect()
        await t.after(1000)
        t.forget()
        t.server.socket.closeFromServer(1006)
        await t.after(100)
      },
    ),
    differs(
      "the end of a websocket that opened and does not answer a ping",
      {
        why: "an open connection ends with onClose, and an error says why",
        phoenix: ['closes 1005 ""', "fetch http://example.test/socket/longpoll?vsn=2.0.0&"],
        rookery: [
          'closes 1005 ""',
          'socket error "object"',
          'socket close {code:1006,reason:"no answer",wasClean:false}',
          "fetch http://example.test/socket/longpoll?vsn=2.0.0",
        ],
      },
      async (t) => {
        t.server.silent = true
        const { socket } = fallingBack(t)
        t.seeSocket(socket)
        socket.connect()
        await t.after(480)
        t.forget()
        await t.after(100)
      },
    ),
  ])
})
