import { describe } from "vitest"
import { compareOn, differs, same } from "../../support/api-table.js"

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
    same(
      "a handler that is added or taken off while a message is delivered does not change its delivery",
      async (t) => {
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
      },
    ),
    same("a handler may leave its channel, or disconnect", async (t) => {
      const { socket, room } = await t.joined()
      const other = socket.channel("room:2")
      other.join()
      await t.after(5)
      room.on("hello", () => room.leave())
      room.on("hello", t.see("room:1"))
      other.on("hello", () => socket.disconnect())
      other.on("hello", t.see("room:2"))
      for (const topic of ["room:1", "room:1", "room:2", "room:2"]) t.server.push(topic, "hello")
      t.note("states", room.state, other.state)
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
        why: "the remaining handlers still run, and onError gets the error",
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
        why: "it is meant for another channel, which has joined the topic",
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
