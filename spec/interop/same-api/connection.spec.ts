import { describe } from "vitest"
import { compareOn, differs, same } from "../../support/api-table.js"

describe("a connection that ends", () => {
  compareOn([
    ...[1002, 1006, 1011, 4001].map((code) =>
      same(`by the server with ${code}: the socket connects again, and its rooms join again`, async (t) => {
        const { socket, room } = await t.joined()
        t.seeSocket(socket)
        t.seeChannel(room)
        t.server.socket.closeFromServer(code)
        t.note("state", socket.connectionState(), room.state)
        await t.after(100)
        t.note("state", socket.connectionState(), room.state)
      }),
    ),
    ...[1000, 1001, 1012].map((code) =>
      same(`by the server with ${code}: the same, if later`, async (t) => {
        const { socket, room } = await t.joined()
        t.seeSocket(socket)
        t.seeChannel(room)
        t.server.socket.closeFromServer(code)
        await t.after(6000)
        t.note("state", socket.connectionState(), room.state)
      }),
    ),
    same("by the network", async (t) => {
      const { socket, room } = await t.joined()
      t.seeSocket(socket)
      t.seeChannel(room)
      t.server.socket.fail()
      await t.after(100)
      t.note("state", socket.connectionState(), room.state)
    }),
    same("only rooms that were joined or joining are told and join again", async (t) => {
      const { socket, room } = await t.joined()
      const [left, idle] = [socket.channel("room:left"), socket.channel("room:idle")]
      left.join()
      await t.after(5)
      left.leave()
      await t.after(5)
      for (const channel of [room, left, idle]) t.seeChannel(channel)
      t.server.socket.closeFromServer(1006)
      await t.after(100)
      t.note("states", room.state, left.state, idle.state)
    }),
    same("a push that was not sent yet goes out after the rejoin", async (t) => {
      const { room } = await t.joined()
      t.server.socket.closeFromServer(1006)
      t.seeAnswers(room.push("echo", { a: 1 }), "push")
      await t.after(100)
    }),
    same("a push in flight is told by its timeout", async (t) => {
      const { room } = await t.joined()
      t.seeAnswers(room.push("noreply", {}, 500), "push")
      t.server.socket.closeFromServer(1006)
      await t.after(400)
      t.note("not yet")
      await t.after(100)
    }),
    same("a room that is joined while the connection closes waits for the next one", async (t) => {
      const { socket } = await t.joined()
      socket.disconnect()
      const late = socket.channel("room:late")
      t.seeChannel(late)
      t.seeAnswers(late.join(), "join")
      await t.after(1000)
      t.note("state", late.state)
      socket.connect()
      await t.after(10)
      t.note("state", late.state)
    }),
    same("a room that is joined in another's onError waits for the next connection", async (t) => {
      const { socket, room } = await t.joined()
      const late = socket.channel("room:late")
      t.seeChannel(late)
      room.onError(() => {
        if (late.state === "closed") t.seeAnswers(late.join(), "join")
      })
      t.server.socket.fail()
      await t.after(50)
      t.note("states", room.state, late.state)
    }),
    same("a join in flight is sent again, and its first time does not count", async (t) => {
      const socket = await t.connected({ timeout: 500 })
      const room = socket.channel("room:1")
      t.server.silent = true
      t.seeAnswers(room.join(), "join")
      await t.after(400)
      t.server.silent = false
      t.server.socket.closeFromServer(1006)
      await t.after(500)
      t.note("state", room.state)
    }),
  ])
})

describe("an attempt that is refused", () => {
  compareOn([
    same("calls onError and onClose, and the next ones follow", async (t) => {
      t.server.refuses = 3
      const socket = t.socket()
      const room = socket.channel("room:1")
      t.seeSocket(socket)
      t.seeChannel(room)
      t.seeAnswers(room.join(), "join")
      socket.connect()
      await t.after(1000)
      t.note("state", socket.connectionState(), room.state)
    }),
    same("a handler of onError that disconnects ends the trying", async (t) => {
      t.server.refuses = 100
      const socket = t.socket()
      socket.onError(() => socket.disconnect(t.see("disconnected")))
      socket.connect()
      await t.after(10_000)
    }),
    differs(
      "onClose after a handler of onError that disconnects",
      {
        why: "every attempted connection ends with onClose",
        phoenix: [],
        rookery: ["socket close 1006"],
      },
      async (t) => {
        t.server.refuses = 1
        const socket = t.socket()
        socket.onError(() => socket.disconnect())
        socket.onClose(({ code }) => t.note(`socket close ${code}`))
        socket.connect()
        t.forget()
        await t.after(1000)
      },
    ),
  ])
})

describe("heartbeats", () => {
  compareOn([
    same("carry no join_ref, and go on as long as they are answered", async (t) => {
      const { room } = await t.joined("room:1", { heartbeatIntervalMs: 100 })
      t.seeChannel(room)
      await t.after(450)
      t.note("state", room.state)
    }),
    same("one without an answer drops the connection, and the rooms join again over the next", async (t) => {
      const { socket, room } = await t.joined("room:1", { heartbeatIntervalMs: 1000 })
      socket.onClose(({ code, reason }) => t.note("socket close", code, reason))
      socket.onOpen(t.see("socket open"))
      t.seeChannel(room)
      t.server.silent = true
      await t.after(1990)
      t.server.silent = false
      t.note("not yet")
      await t.after(250)
      t.note("state", socket.connectionState(), room.state)
    }),
    differs(
      "whether the close after a lost heartbeat was clean",
      {
        why: "the client does not wait for an unresponsive server's close frame",
        phoenix: ['closes 1000 "heartbeat timeout"', "wasClean true"],
        rookery: ['closes 1000 "heartbeat timeout"', "wasClean false"],
      },
      async (t) => {
        const socket = await t.connected({ heartbeatIntervalMs: 1000 })
        socket.onClose(({ wasClean }) => t.note(`wasClean ${wasClean}`))
        t.server.silent = true
        await t.after(1990)
        t.forget()
        await t.after(10)
      },
    ),
    same("stop with the connection", async (t) => {
      const socket = await t.connected({ heartbeatIntervalMs: 100 })
      socket.disconnect()
      await t.after(1000)
      t.note("state", socket.connectionState())
    }),
  ])
})

describe("what goes wrong", () => {
  compareOn([
    differs(
      "a frame that cannot be decoded",
      {
        why: "an app listens to onError; it cannot catch an exception in the websocket's own handler",
        phoenix: ["uncaught an Error"],
        rookery: ['socket error "bad_frame"'],
      },
      async (t) => {
        const socket = await t.connected()
        socket.onError((error) => t.note("socket error", error.code))
        t.forget()
        t.server.socket.deliver("{bad")
      },
    ),
    differs(
      "a handler of the socket that throws",
      {
        why: "the remaining handlers still run",
        phoenix: ["uncaught an Error"],
        rookery: ['socket error "its own"', "second"],
      },
      async (t) => {
        const { socket } = await t.joined()
        socket.onError((error) => t.note("socket error", error.message))
        socket.onMessage(() => {
          throw new Error("its own")
        })
        socket.onMessage(() => t.note("second"))
        t.forget()
        t.server.broadcast("room:1", "hello")
      },
    ),
  ])
})
