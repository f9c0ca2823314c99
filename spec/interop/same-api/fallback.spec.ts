import { describe } from "vitest"
import type { Stage } from "../../support/api-stage.js"
import { compareOn, same } from "../../support/api-table.js"

class Storage {
  readonly #items = new Map<string, string>()
  readonly #t: Stage
  constructor(t: Stage) {
    this.#t = t
  }
  getItem(key: string): string | null {
    return this.#items.get(key) ?? null
  }
  setItem(key: string, value: string): void {
    this.#t.note("stores", key, value)
    this.#items.set(key, value)
  }
}

const options = (t: Stage, sessionStorage: Storage = new Storage(t)): object => ({
  longPollFallbackMs: 500,
  sessionStorage,
})

describe("longPollFallbackMs", () => {
  compareOn([
    same("a websocket that is refused is replaced by long-poll, which is remembered", async (t) => {
      t.longPoll()
      t.server.refuses = 1
      const socket = t.socket(options(t))
      t.seeSocket(socket)
      const room = socket.channel("room:1")
      t.seeChannel(room)
      t.seeAnswers(room.join(), "join")
      socket.connect()
      await t.after(1000)
      t.note("state", socket.connectionState(), room.state)
    }),
    same("so is one that does not open in time", async (t) => {
      t.longPoll()
      t.server.connected = (socket) => t.note(`connect ${socket.url}`)
      const socket = t.socket(options(t))
      t.seeSocket(socket)
      socket.connect()
      await t.after(499)
      t.note("not yet")
      await t.after(100)
      t.note("state", socket.connectionState())
    }),
    same("so is one that opens and does not answer a ping", async (t) => {
      t.longPoll()
      t.server.silent = true
      const socket = t.socket(options(t))
      socket.onOpen(t.see("socket open"))
      socket.connect()
      await t.after(480)
      t.note("not yet")
      await t.after(100)
      t.note("state", socket.connectionState())
    }),
    same("a websocket that works stays, and is tried again when it breaks", async (t) => {
      const socket = await t.connected(options(t))
      await t.after(1000)
      t.server.refuses = 2
      t.server.socket.closeFromServer(1006)
      await t.after(500)
      t.note("state", socket.connectionState())
    }),
    same("what is remembered goes for the next socket", async (t) => {
      t.longPoll()
      t.server.refuses = 1
      const storage = new Storage(t)
      const first = t.socket(options(t, storage))
      first.connect()
      await t.after(100)
      first.disconnect()
      await t.after(100)
      t.note("another socket")
      const second = t.socket(options(t, storage))
      t.seeSocket(second)
      second.connect()
      await t.after(100)
      t.note("state", second.connectionState())
    }),
    same("once fallen back, a socket stays with long-poll", async (t) => {
      const longPoll = t.longPoll()
      t.server.refuses = 1
      const socket = t.socket(options(t))
      socket.connect()
      await t.after(100)
      longPoll.instead.POST = { status: 500 }
      socket.push({ topic: "room:1", event: "hello", payload: {}, ref: "1", join_ref: "1" })
      await t.after(5)
      delete longPoll.instead.POST
      await t.after(100)
      t.note("state", socket.connectionState())
    }),
    same("disconnect ends the waiting", async (t) => {
      t.longPoll()
      t.server.connected = (socket) => t.note(`connect ${socket.url}`)
      const socket = t.socket(options(t))
      socket.connect()
      await t.after(100)
      socket.disconnect()
      await t.after(5000)
      t.note("state", socket.connectionState())
    }),
  ])
})
