import { describe } from "vitest"
import type { Stage } from "../../support/api-stage.js"
import { compareOn, differs, same } from "../../support/api-table.js"
import type { ClientPush } from "../../support/libraries.js"

/** Notes the result of `await` on a push. */
async function awaited(t: Stage, push: ClientPush): Promise<void> {
  try {
    const given: unknown = await push
    if (given === push) t.note("awaited a Push")
    else t.note("awaited", given)
  } catch (error) {
    t.note(`threw ${(error as { code: string }).code}`)
  }
}

describe("push", () => {
  compareOn([
    same("an answer calls the hooks of its status, and no other", async (t) => {
      const { room } = await t.joined()
      for (const event of ["echo", "fail", "busy"]) t.seeAnswers(room.push(event, { a: 1 }), event)
      await t.after(20_000)
    }),
    same("without an answer it times out", async (t) => {
      const { room } = await t.joined()
      t.seeAnswers(room.push("noreply"), "push")
      await t.after(20_000)
    }),
    same("takes a time of its own", async (t) => {
      const { room } = await t.joined()
      t.seeAnswers(room.push("noreply", {}, 300), "push")
      await t.after(299)
      t.note("not yet")
      await t.after(1)
    }),
    same("a payload that is left out is an empty object", async (t) => {
      const { room } = await t.joined()
      room.push("hello")
      room.push("hello", undefined)
      room.push("hello", null)
    }),
    same("payloads may be any JSON", async (t) => {
      const { room } = await t.joined()
      for (const payload of ["text", 1, true, [1, [2]], { deep: { er: [{}] }, gone: undefined }]) {
        room.push("hello", payload)
      }
    }),
    same("before the join is answered it waits, in order", async (t) => {
      const socket = await t.connected()
      const room = socket.channel("room:1")
      room.join()
      t.seeAnswers(room.push("echo", { n: 1 }), "first")
      t.seeAnswers(room.push("echo", { n: 2 }), "second")
      t.note("not sent")
      await t.after(10)
    }),
    same("its time begins when it is pushed, and one that timed out while waiting is not sent", async (t) => {
      const socket = await t.connected({ timeout: 1000 })
      const room = socket.channel("room:denied")
      room.join()
      t.seeAnswers(room.push("echo", {}, 300), "push")
      await t.after(500)
      t.note("state", room.state)
    }),
    same("before join() it throws", async (t) => {
      const socket = await t.connected()
      t.attempt("push", () => socket.channel("room:1").push("echo"))
    }),
    differs(
      "awaiting a push",
      {
        why: "it returns the response of an ok, and throws on any other status",
        phoenix: ["awaited a Push", "awaited a Push"],
        rookery: ["awaited {a:1}", "threw refused"],
      },
      async (t) => {
        const { room } = await t.joined()
        const echo = awaited(t, room.push("echo", { a: 1 }))
        const fail = awaited(t, room.push("fail"))
        t.forget()
        await t.after(5)
        await Promise.all([echo, fail])
      },
    ),
    differs(
      "awaiting a push that is in flight when the connection ends",
      {
        why: "no reply can come any more",
        phoenix: ["awaited a Push", "300 ms later", "timeout {}"],
        rookery: ["threw disconnected", "300 ms later", "timeout {}"],
      },
      async (t) => {
        const { socket, room } = await t.joined()
        const push = room.push("noreply", {}, 300)
        push.receive("timeout", t.see("timeout"))
        socket.disconnect()
        t.forget()
        await awaited(t, push)
        t.note("300 ms later")
        await t.after(300)
      },
    ),
    differs(
      "a push on a channel that was left",
      {
        why: "no reply can come any more; the timeout hook still fires on time",
        phoenix: ["awaited a Push", "timeout {} 300"],
        rookery: ["threw channel_closed", "timeout {} 300"],
      },
      async (t) => {
        const { room } = await t.joined()
        room.leave()
        await t.after(5)
        t.forget()
        const began = Date.now()
        const push = room.push("echo", {}, 300)
        push.receive("timeout", (response) => t.note("timeout", response, Date.now() - began))
        await awaited(t, push)
        await t.after(1000)
      },
    ),
  ])
})

describe("receive", () => {
  compareOn([
    same("gives the push, so that hooks can be chained", async (t) => {
      const { room } = await t.joined()
      const push = room.push("echo")
      t.note("same", push.receive("ok", t.see("ok")) === push)
    }),
    same("hooks of one status are called in the order of their registration", async (t) => {
      const { room } = await t.joined()
      room.push("echo").receive("ok", t.see("first")).receive("error", t.see("error")).receive("ok", t.see("second"))
      await t.after(5)
    }),
    same("after the answer calls back at once", async (t) => {
      const { room } = await t.joined()
      const push = room.push("echo", { a: 1 })
      await t.after(5)
      push.receive("ok", t.see("late ok")).receive("error", t.see("late error"))
      t.note("after the call")
    }),
    same("after the timeout calls back at once", async (t) => {
      const { room } = await t.joined()
      const push = room.push("noreply", {}, 100)
      await t.after(200)
      push.receive("timeout", t.see("late timeout")).receive("ok", t.see("late ok"))
      t.note("after the call")
    }),
    same("the first answer counts", async (t) => {
      const { room } = await t.joined()
      t.seeAnswers(room.push("two_replies"), "push")
      await t.after(5)
    }),
    same("an answer after the timeout does not count", async (t) => {
      const { room } = await t.joined()
      let ref: string | null = null
      t.server.received = (_socket, frame) => (ref = JSON.parse(String(frame))[1])
      t.seeAnswers(room.push("late", {}, 100), "push")
      await t.after(200)
      t.server.say(t.server.joinRef("room:1"), ref, "room:1", "phx_reply", { status: "ok", response: {} })
    }),
    same("an answer finds its push by the ref, whatever the join_ref", async (t) => {
      const { room } = await t.joined()
      let ref: string | null = null
      t.server.received = (_socket, frame) => (ref = JSON.parse(String(frame))[1])
      t.seeAnswers(room.push("echo"), "push")
      t.server.say(null, ref, "room:1", "phx_reply", { status: "ok", response: { joinRef: null } })
    }),
    same("the hooks of a join are called for every answer, rejoins included", async (t) => {
      const socket = await t.connected()
      const room = socket.channel("room:1")
      t.seeAnswers(room.join(), "join")
      await t.after(5)
      room.push("crash")
      await t.after(1100)
    }),
    same("after a join's answer calls back at once", async (t) => {
      const socket = await t.connected()
      const join = socket.channel("room:1").join()
      await t.after(5)
      join.receive("ok", t.see("late ok")).receive("error", t.see("late error"))
    }),
    same("a broadcast made by a push comes before its answer", async (t) => {
      const { room } = await t.joined()
      room.on("shout", t.see("shout"))
      t.seeAnswers(room.push("shout", { s: 1 }), "push")
      await t.after(5)
    }),
    differs(
      "a hook that throws",
      {
        why: "the remaining hooks still run, and onError gets the error",
        phoenix: ["uncaught an Error"],
        rookery: ['socket error "its own"', "second {}"],
      },
      async (t) => {
        const { socket, room } = await t.joined()
        socket.onError((error) => t.note("socket error", error.message))
        const fail = (): never => {
          throw new Error("its own")
        }
        room.push("echo").receive("ok", fail).receive("ok", t.see("second"))
        t.forget()
        await t.after(5)
      },
    ),
  ])
})
