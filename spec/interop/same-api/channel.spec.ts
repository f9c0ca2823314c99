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
    differs(
      "the ref that onClose is called with after it",
      {
        why: "no ref is null everywhere",
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
        why: "the server knows nothing of it",
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

describe("on and off", () => {
  compareOn([
    same("handlers get the payload, the ref and the join_ref, in the order of their registration", async (t) => {
      const { room } = await t.joined()
      room.on("hello", t.see("first"))
      room.on("hello", t.see("second"))
      t.server.push("room:1", "hello", { a: 1 })
    }),
    same("a broadcast has no ref, and is told under the current join_ref", async (t) => {
      const { room } = await t.joined()
      room.on("hello", t.see("hello"))
      t.server.broadcast("room:1", "hello", { a: 1 })
    }),
    same("payloads may be any JSON", async (t) => {
      const { room } = await t.joined()
      room.on("hello", t.see("hello"))
      for (const payload of [null, false, 0, "", "text", [1, "two"], { deep: { er: [{}] } }]) {
        t.server.push("room:1", "hello", payload)
      }
    }),
    same("messages of other topics and of earlier joins are not delivered", async (t) => {
      const { room } = await t.joined()
      room.on("hello", t.see("hello"))
      t.server.say("0", null, "room:1", "hello", { of: "an earlier join" })
      t.server.say(null, null, "room:2", "hello", { of: "another topic" })
      t.server.say(t.server.joinRef("room:1"), null, "room:1", "hello", { of: "this join" })
    }),
    same("off takes one handler by its ref", async (t) => {
      const { room } = await t.joined()
      const first = room.on("hello", t.see("first"))
      const second = room.on("hello", t.see("second"))
      t.note("refs", typeof first, first === second)
      room.off("hello", first)
      t.server.push("room:1", "hello")
    }),
    same("off without a ref takes all handlers of the event", async (t) => {
      const { room } = await t.joined()
      room.on("hello", t.see("first"))
      room.on("hello", t.see("second"))
      room.on("other", t.see("other"))
      room.off("hello")
      t.server.push("room:1", "hello")
      t.server.push("room:1", "other")
    }),
    same("off of another event's ref, or of nothing, does nothing", async (t) => {
      const { room } = await t.joined()
      const ref = room.on("hello", t.see("hello"))
      room.off("other", ref)
      room.off("nothing")
      t.server.push("room:1", "hello")
    }),
    same("a handler that is added or taken off while a message is delivered does not change its delivery", async (t) => {
      const { room } = await t.joined()
      room.on("hello", () => {
        t.note("first")
        room.off("hello", second)
        room.on("hello", t.see("third"))
      })
      const second = room.on("hello", t.see("second"))
      t.server.push("room:1", "hello")
      t.note("again")
      t.server.push("room:1", "hello")
    }),
    same("an event may have any name", async (t) => {
      const { room } = await t.joined()
      for (const event of ["*", "constructor", "__proto__", ""]) {
        room.on(event, t.see(`${event}:`))
        t.server.push("room:1", event, { event })
      }
    }),
    same("phx_reply, phx_error and phx_close can be listened to", async (t) => {
      const { room } = await t.joined()
      for (const event of ["phx_reply", "phx_error", "phx_close"]) room.on(event, t.see(event))
      room.push("echo", { a: 1 })
      await t.after(5)
      room.push("stop")
      await t.after(5)
    }),
    differs(
      "a handler that throws",
      {
        why: "the handlers after it run all the same, and onError tells of it",
        phoenix: ["uncaught an Error"],
        rookery: ['socket error "its own"', "second {} null #1"],
      },
      async (t) => {
        const { socket, room } = await t.joined()
        socket.onError((error) => t.note("socket error", error.message))
        room.on("hello", () => {
          throw new Error("its own")
        })
        room.on("hello", t.see("second"))
        t.forget()
        t.server.push("room:1", "hello")
      },
    ),
    differs(
      "a broadcast on a channel that was never joined",
      {
        why: "it is for another channel of the topic, which joined",
        phoenix: ["joined {} null #1", "idle {} null undefined"],
        rookery: ["joined {} null #1"],
      },
      async (t) => {
        const { socket, room } = await t.joined()
        room.on("hello", t.see("joined"))
        socket.channel("room:1").on("hello", t.see("idle"))
        t.forget()
        t.server.broadcast("room:1", "hello")
      },
    ),
  ])
})
