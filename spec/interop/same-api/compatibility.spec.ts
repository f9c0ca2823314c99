import { describe } from "vitest"
import type { Stage } from "../../support/api-stage.js"
import { compareOn, differs, same } from "../../support/api-table.js"
import type { ClientChannel } from "../../support/libraries.js"

/** Notes the results of a channel's undocumented methods about its state. */
function noteState(t: Stage, room: ClientChannel): void {
  t.note(room.state, {
    canPush: room.canPush(),
    isClosed: room.isClosed(),
    isErrored: room.isErrored(),
    isJoined: room.isJoined(),
    isJoining: room.isJoining(),
    isLeaving: room.isLeaving(),
    joinedOnce: room.joinedOnce,
    timeout: room.timeout,
  })
}

function messageOf(call: () => unknown): string {
  try {
    call()
    return "no error"
  } catch (error) {
    return (error as Error).message
  }
}

describe("members that phoenix.js does not document", () => {
  compareOn([
    same("a channel answers canPush() and its kin in every state", async (t) => {
      const socket = await t.connected()
      const room = socket.channel("room:1")
      t.note("socket", room.socket === socket)
      noteState(t, room)
      room.join(3000)
      noteState(t, room)
      await t.after(5)
      noteState(t, room)
      room.push("crash")
      await t.after(5)
      noteState(t, room)
      await t.after(1100)
      noteState(t, room)
      t.server.socket.closeFromServer(1006)
      await t.after(5)
      noteState(t, room)
      await t.after(1100)
      room.onClose(() => noteState(t, room))
      room.leave()
      await t.after(5)
      t.note(room.state)
    }),
    same("canPush() is false in onError of a channel whose connection is lost", async (t) => {
      const { socket, room } = await t.joined()
      room.onError((reason) => t.note("error", reason, room.canPush(), socket.isConnected()))
      t.server.socket.closeFromServer(1006)
      await t.after(5)
    }),
    same("rejoin() joins an errored channel at once, with a time of its own", async (t) => {
      const { room } = await t.joined()
      room.push("crash")
      await t.after(5)
      t.server.silent = true
      t.seeAnswers(room.joinPush, "join")
      room.rejoin(300)
      t.note(room.state)
      await t.after(400)
    }),
    same("trigger() calls the handlers of an event", async (t) => {
      const { room } = await t.joined()
      room.on("new_msg", t.see("new_msg"))
      room.trigger("new_msg", { a: 1 }, "7")
      room.trigger("other", { a: 2 }, "8")
    }),
    same("remove() takes a channel's messages and rejoins from it, and sends no leave", async (t) => {
      const { socket, room } = await t.joined()
      room.on("hello", t.see("hello"))
      t.forget()
      socket.remove(room)
      t.server.say(null, null, "room:1", "hello", {})
      t.note(room.state)
      t.server.socket.closeFromServer(1006)
      await t.after(1100)
      t.note(room.state)
    }),
    same("resend() sends an answered push again and calls its hooks again", async (t) => {
      const { room } = await t.joined()
      const push = room.push("echo", { n: 1 })
      t.seeAnswers(push, "push")
      await t.after(5)
      push.resend(500)
      await t.after(5)
      push.receive("ok", t.see("late ok"))
    }),
    same("resend() sets the time of a push", async (t) => {
      const { room } = await t.joined()
      const push = room.push("noreply", {})
      t.seeAnswers(push, "push")
      push.resend(500)
      await t.after(20_000)
    }),
    same("send() of a push whose time is up does nothing, and resend() sends it", async (t) => {
      const { room } = await t.joined()
      const push = room.push("noreply", {}, 300)
      t.seeAnswers(push, "push")
      await t.after(300)
      push.send()
      await t.after(1000)
      push.resend(400)
      await t.after(1000)
    }),
    same("send() of a push in flight sends it under a new ref, and the old answer is not taken", async (t) => {
      const { room } = await t.joined()
      const push = room.push("echo", { n: 1 })
      t.seeAnswers(push, "push")
      push.send()
      await t.after(20_000)
    }),
    same("a second join() throws with phoenix.js's words", async (t) => {
      const { room } = await t.joined()
      const words = "tried to join multiple times. 'join' can only be called a single time per channel instance"
      t.note(messageOf(() => room.join()).slice(0, words.length))
    }),
    same("a push before join() throws with phoenix.js's words", async (t) => {
      const socket = await t.connected()
      t.note(messageOf(() => socket.channel("room:1").push("hello")))
    }),
    differs(
      "a transport whose constructor throws",
      {
        why: "few pages wrap connect() in a try, and the next attempt may succeed",
        phoenix: ["connect throws"],
        rookery: ['socket error "no sockets today"', "connect undefined", 'socket error "no sockets today"'],
      },
      async (t) => {
        const Failing = class {
          constructor() {
            throw new Error("no sockets today")
          }
        }
        const socket = t.socket({ transport: Failing })
        socket.onError((error: Error) => t.note("socket error", (error.cause as Error | undefined)?.message))
        t.attempt("connect", () => socket.connect())
        await t.after(15)
      },
    ),
  ])
})
