import { describe } from "vitest"
import { compareOn, differs, same } from "../../support/api-table.js"

describe("join", () => {
  compareOn([
    same("an ok answer makes the channel joined", async (t) => {
      const socket = await t.connected()
      const room = socket.channel("room:1", { name: "ada" })
      t.note("state", room.topic, room.state)
      t.seeAnswers(room.join(), "join")
      t.note("state", room.state)
      await t.after(5)
      t.note("state", room.state)
    }),
    same("params may be a function, asked at every join", async (t) => {
      let asked = 0
      const socket = await t.connected()
      const room = socket.channel("room:1", () => ({ asked: ++asked }))
      t.seeAnswers(room.join(), "join")
      await t.after(5)
      room.push("crash")
      await t.after(1100)
    }),
    same("hooks that were put on it before are called, though the join names a time of its own", async (t) => {
      const socket = await t.connected()
      const room = socket.channel("room:1")
      t.seeAnswers(room.joinPush, "join")
      room.join(5000)
      await t.after(5)
      t.note("timeout", room.timeout)
    }),
    same("params may be left out", async (t) => {
      const socket = await t.connected()
      socket.channel("room:1").join()
    }),
    same("an error answer makes it errored, and it joins again", async (t) => {
      const socket = await t.connected()
      t.server.gateClosed = true
      const room = socket.channel("room:gate")
      t.seeChannel(room)
      t.seeAnswers(room.join(), "join")
      await t.after(5)
      t.note("state", room.state)
      t.server.gateClosed = false
      await t.after(1100)
      t.note("state", room.state)
    }),
    same("an unmatched topic is answered without a join_ref", async (t) => {
      const socket = await t.connected()
      const nope = socket.channel("nope:1")
      t.seeAnswers(nope.join(), "join")
      await t.after(5)
      t.note("state", nope.state)
    }),
    same("without an answer it times out, leaves, and joins again", async (t) => {
      const socket = await t.connected()
      const room = socket.channel("room:1")
      t.seeChannel(room)
      t.server.silent = true
      t.seeAnswers(room.join(), "join")
      await t.after(10_000)
      t.note("state", room.state)
      t.server.silent = false
      await t.after(1100)
      t.note("state", room.state)
    }),
    same("takes a time of its own, which holds for the rejoins and the pushes too", async (t) => {
      const socket = await t.connected()
      const room = socket.channel("room:1")
      t.server.silent = true
      t.seeAnswers(room.join(200), "join")
      await t.after(1300)
      t.server.silent = false
      await t.after(3000)
      t.seeAnswers(room.push("noreply"), "push")
      await t.after(200)
    }),
    same("a late answer to a join that timed out is not taken", async (t) => {
      const socket = await t.connected({ timeout: 200 })
      const room = socket.channel("room:1")
      t.server.silent = true
      t.seeAnswers(room.join(), "join")
      let joinRef: string | null = null
      t.server.received = (_socket, frame) => (joinRef ??= JSON.parse(String(frame))[0])
      await t.after(1300)
      t.server.say(joinRef, joinRef, "room:1", "phx_reply", { status: "ok", response: {} })
      t.note("state", room.state)
    }),
    same("one that timed out before connect() goes out once", async (t) => {
      const socket = t.socket({ timeout: 300 })
      const room = socket.channel("room:1")
      t.seeAnswers(room.join(), "join")
      await t.after(1000)
      t.note("state", room.state)
      socket.connect()
      await t.after(10)
      t.note("state", room.state)
    }),
    same("what waited for it goes out before what its hooks push", async (t) => {
      const socket = await t.connected()
      const room = socket.channel("room:1")
      room.join().receive("ok", () => room.push("from the hook"))
      room.push("waited")
      await t.after(5)
    }),
    same("one that was refused is tried again at once over a new connection", async (t) => {
      const socket = await t.connected()
      t.server.gateClosed = true
      const room = socket.channel("room:gate")
      room.join()
      await t.after(5)
      t.server.gateClosed = false
      t.server.socket.closeFromServer(1006)
      await t.after(50)
      t.note("state", room.state)
    }),
    same("before connect() it waits, and goes out first", async (t) => {
      const socket = t.socket()
      const room = socket.channel("room:1")
      t.seeAnswers(room.join(), "join")
      t.seeAnswers(room.push("echo", { a: 1 }), "push")
      t.note("not sent")
      socket.connect()
      await t.after(10)
    }),
    same("joining twice throws", async (t) => {
      const { room } = await t.joined()
      t.attempt("join", () => room.join())
      t.note("state", room.state)
    }),
    differs(
      "an answer with a status of the server's own",
      {
        why: "the channel is not joined, and joining forever helps no one",
        phoenix: ["busy {retry:1}", 'state "joining"'],
        rookery: ["busy {retry:1}", 'state "errored"'],
      },
      async (t) => {
        const socket = await t.connected()
        const room = socket.channel("room:odd")
        room.join().receive("busy", t.see("busy"))
        t.forget()
        await t.after(5)
        t.note("state", room.state)
      },
    ),
    differs(
      "joining again after leave()",
      {
        why: "a component that is mounted twice joins, leaves and joins",
        phoenix: ["join throws", 'state "closed"'],
        rookery: ['-> #1 #1 "room:1" "phx_join" {}', "join undefined", 'state "joined"'],
      },
      async (t) => {
        const { room } = await t.joined()
        room.leave()
        await t.after(5)
        t.forget()
        t.attempt("join", () => void room.join())
        await t.after(5)
        t.note("state", room.state)
      },
    ),
  ])
})

describe("leave", () => {
  compareOn([
    same("is told at once, and answered", async (t) => {
      const { room } = await t.joined()
      t.seeChannel(room)
      t.seeAnswers(room.leave(), "leave")
      t.note("state", room.state)
      await t.after(5)
      t.note("state", room.state)
    }),
    same("nothing is delivered after it", async (t) => {
      const { room } = await t.joined()
      room.on("hello", t.see("hello"))
      room.leave()
      t.server.push("room:1", "hello")
      t.server.broadcast("room:1", "hello")
      t.note("state", room.state)
    }),
    same("while joining gives the join up", async (t) => {
      const socket = await t.connected()
      const room = socket.channel("room:1")
      t.seeChannel(room)
      t.seeAnswers(room.join(), "join")
      t.seeAnswers(room.leave(), "leave")
      await t.after(2000)
      t.note("state", room.state)
    }),
    same("while errored ends the rejoining", async (t) => {
      const socket = await t.connected()
      const room = socket.channel("room:denied")
      t.seeChannel(room)
      room.join()
      await t.after(5)
      t.seeAnswers(room.leave(), "leave")
      await t.after(20_000)
      t.note("state", room.state)
    }),
    same("without a connection is answered at once, and the next connection does not join", async (t) => {
      const { socket, room } = await t.joined()
      t.seeChannel(room)
      socket.disconnect()
      await t.after(1000)
      t.seeAnswers(room.leave(), "leave")
      socket.connect()
      await t.after(100)
      t.note("state", room.state)
    }),
    same("a push that still waits for the join is not sent, and times out", async (t) => {
      const socket = await t.connected()
      const room = socket.channel("room:1")
      room.join()
      t.seeAnswers(room.push("echo", {}, 300), "push")
      room.leave()
      await t.after(1000)
    }),
    differs(
      "leaving after a join that timed out",
      {
        why: "the timeout has already left the channel",
        phoenix: ['-> null #1 "room:1" "phx_leave" {}', "leave ok {}"],
        rookery: ["leave ok {}"],
      },
      async (t) => {
        const socket = await t.connected({ timeout: 100 })
        t.server.silent = true
        const room = socket.channel("room:1")
        room.join()
        await t.after(200)
        t.forget()
        t.seeAnswers(room.leave(), "leave")
      },
    ),
    differs(
      "the ref that onClose is called with after it",
      {
        why: "a missing ref is null everywhere",
        phoenix: ["close undefined"],
        rookery: ["close null"],
      },
      async (t) => {
        const { room } = await t.joined()
        room.onClose((_reason, ref) => t.note("close", ref))
        t.forget()
        t.server.received = () => {}
        room.leave()
      },
    ),
    differs(
      "leaving what was never joined",
      {
        why: "the server does not know the channel",
        phoenix: ['-> null #1 "room:1" "phx_leave" {}', 'room:1 close "leave" undefined', "leave ok {}"],
        rookery: ["leave ok {}"],
      },
      async (t) => {
        const socket = await t.connected()
        const room = socket.channel("room:1")
        t.seeChannel(room)
        t.forget()
        t.seeAnswers(room.leave(), "leave")
        await t.after(5)
      },
    ),
  ])
})
