import { describe } from "vitest"
import { compareOn, differs, same } from "../../support/api-table.js"

describe("onError and onClose", () => {
  compareOn([
    same("a channel that crashes tells why, and joins again", async (t) => {
      const { room } = await t.joined()
      t.seeChannel(room)
      room.push("crash")
      await t.after(5)
      t.note("state", room.state)
      await t.after(1000)
      t.note("state", room.state)
    }),
    same("a push while it is errored goes out after the rejoin", async (t) => {
      const { room } = await t.joined()
      room.push("crash")
      await t.after(5)
      t.seeAnswers(room.push("echo", { a: 1 }), "push")
      t.note("not sent")
      await t.after(1100)
    }),
    same("a push in flight when it crashes is told by its timeout", async (t) => {
      const { room } = await t.joined()
      t.seeAnswers(room.push("crash", {}, 300), "push")
      await t.after(2000)
    }),
    same("a channel that crashes while joining joins again", async (t) => {
      const { room } = await t.joined()
      t.seeChannel(room)
      room.push("crash")
      await t.after(1001)
      t.note("state", room.state)
      t.server.say(t.server.joinRef("room:1"), null, "room:1", "phx_error", { of: "the earlier join" })
      await t.after(2000)
      t.note("state", room.state)
    }),
    same("a channel that is closed tells so, and does not join again", async (t) => {
      const { room } = await t.joined()
      t.seeChannel(room)
      room.push("stop")
      await t.after(20_000)
      t.note("state", room.state)
    }),
    same("onClose is called with the reason, the ref and the join_ref, onError with the reason alone", async (t) => {
      const { room } = await t.joined()
      room.onError((...args) => t.note("error", args))
      room.onClose((...args) => t.note("close", args))
      const joinRef = t.server.joinRef("room:1")
      t.server.say(joinRef, joinRef, "room:1", "phx_error", { reason: "x" })
      t.server.say(joinRef, joinRef, "room:1", "phx_close", { reason: "y" })
    }),
    same("onError gives a ref for off", async (t) => {
      const { room } = await t.joined()
      room.off("phx_error", room.onError(t.see("first")))
      room.onError(t.see("second"))
      room.push("crash")
      await t.after(5)
    }),
    same("phx_close of an earlier join does not close", async (t) => {
      const { room } = await t.joined()
      t.seeChannel(room)
      t.server.say("0", "0", "room:1", "phx_close", {})
      t.note("state", room.state)
    }),
  ])
})

describe("onMessage", () => {
  compareOn([
    same("sees a message before the handlers, and may change its payload", async (t) => {
      const { room } = await t.joined()
      room.onMessage = (event, payload, ref, joinRef) => {
        t.note("onMessage", event, payload, ref, joinRef)
        return { ...payload, seen: true }
      }
      room.on("hello", t.see("hello"))
      t.server.push("room:1", "hello", { a: 1 })
    }),
    same("may change the answer to a push", async (t) => {
      const { room } = await t.joined()
      room.onMessage = (event, payload) =>
        event === "phx_reply" ? { status: payload.status, response: { changed: true } } : payload
      t.seeAnswers(room.push("echo", { a: 1 }), "push")
      await t.after(5)
    }),
    differs(
      "what it sees of an answer",
      {
        why: "the server does not send the events that phoenix.js sends to itself",
        phoenix: ["saw phx_reply", "saw chan_reply_N"],
        rookery: ["saw phx_reply"],
      },
      async (t) => {
        const { room } = await t.joined()
        room.onMessage = (event, payload) => (t.note(`saw ${event.replace(/\d+/, "N")}`), payload)
        room.push("echo")
        t.forget()
        await t.after(5)
      },
    ),
    differs(
      "a message whose payload it does not give back",
      {
        why: "onError gets the error",
        phoenix: ["uncaught an Error"],
        rookery: ["socket error an Error"],
      },
      async (t) => {
        const { socket, room } = await t.joined()
        socket.onError((error) => t.note("socket error", error))
        room.onMessage = () => undefined
        room.on("hello", t.see("hello"))
        t.forget()
        t.server.push("room:1", "hello", { a: 1 })
      },
    ),
  ])
})

describe("two channels of one topic", () => {
  compareOn([
    same("joining the second leaves the first", async (t) => {
      const { socket, room: first } = await t.joined()
      const second = socket.channel("room:1")
      t.seeChannel(first, "first")
      t.seeChannel(second, "second")
      first.on("hello", t.see("first hello"))
      second.on("hello", t.see("second hello"))
      t.seeAnswers(second.join(), "second join")
      t.note("states", first.state, second.state)
      await t.after(5)
      t.server.push("room:1", "hello")
      t.server.broadcast("room:1", "hello")
      t.note("states", first.state, second.state)
    }),
    same("joining the second while the first joins leaves the first", async (t) => {
      const socket = await t.connected()
      const [first, second] = [socket.channel("room:1"), socket.channel("room:1")]
      t.seeChannel(first, "first")
      t.seeAnswers(first.join(), "first join")
      t.seeAnswers(second.join(), "second join")
      await t.after(5)
      t.note("states", first.state, second.state)
    }),
    same("both joined before connect() end as one", async (t) => {
      const socket = t.socket()
      const [first, second] = [socket.channel("room:1"), socket.channel("room:1")]
      first.join()
      second.join()
      socket.connect()
      await t.after(10)
      t.note("states", first.state, second.state)
    }),
    differs(
      "joining the second while the first is errored",
      {
        why: "the first would join again later and take the topic back",
        phoenix: ['-> #1 #1 "room:1" "phx_join" {}', 'states "errored" "joined"'],
        rookery: [
          '-> #1 #2 "room:1" "phx_leave" {}',
          "first close",
          '-> #3 #3 "room:1" "phx_join" {}',
          'states "closed" "joined"',
        ],
      },
      async (t) => {
        const { socket, room: first } = await t.joined()
        first.onClose(() => t.note("first close"))
        first.push("crash")
        await t.after(5)
        t.forget()
        const second = socket.channel("room:1")
        second.join()
        await t.after(5)
        t.note("states", first.state, second.state)
      },
    ),
  ])
})
