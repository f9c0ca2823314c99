import { describe } from "vitest"
import type { Stage } from "../../support/api-stage.js"
import { compareOn, differs, same } from "../../support/api-table.js"
import type { ClientSocket } from "../../support/libraries.js"

const over = (t: Stage, options: object = {}): ClientSocket => t.socket({ transport: t.library.LongPoll, ...options })

async function joined(t: Stage, options?: object) {
  const longPoll = t.longPoll()
  const socket = over(t, options)
  const room = socket.channel("room:1")
  socket.connect()
  room.join()
  await t.after(20)
  return { longPoll, socket, room }
}

const seeClose = (t: Stage, socket: ClientSocket): void =>
  void socket.onClose(({ code, reason, wasClean }) => t.note("socket close", code, reason, wasClean))

describe("LongPoll", () => {
  compareOn([
    same("as transport carries joins, pushes, answers and messages", async (t) => {
      const { socket, room } = await joined(t)
      t.note("state", socket.connectionState(), room.state)
      room.on("hello", t.see("hello"))
      t.seeAnswers(room.push("echo", { a: 1 }), "push")
      await t.after(20)
      t.server.push("room:1", "hello", { b: 2 })
      t.server.broadcast("room:1", "hello", { c: 3 })
      await t.after(20)
    }),
    same("asks with the params, and sends the auth token in a header", async (t) => {
      await joined(t, { params: { user: "ada" }, authToken: "secret" })
    }),
    same("what is pushed in one go leaves in one request", async (t) => {
      const { room } = await joined(t)
      for (let n = 0; n < 5; n++) room.push("hello", { n })
      t.note("not sent yet")
      await t.after(20)
    }),
    same("a request carries a hundred messages at most", async (t) => {
      const { room } = await joined(t)
      for (let n = 0; n < 250; n++) room.push("hello")
      await t.after(50)
    }),
    same("what is pushed while a request is under way leaves in the next", async (t) => {
      const { room } = await joined(t)
      room.push("hello", { n: 1 })
      await t.after(0)
      room.push("hello", { n: 2 })
      room.push("hello", { n: 3 })
      await t.after(20)
    }),
    same("an ArrayBuffer is sent in base64", async (t) => {
      const { room } = await joined(t)
      room.push("hello", new Uint8Array([0, 1, 255]).buffer)
      await t.after(20)
    }),
    same("messages of one poll come in tasks of their own", async (t) => {
      const { room } = await joined(t)
      room.on("hello", async (payload) => {
        t.note("hello", payload)
        await Promise.resolve()
        t.note("after hello", payload)
      })
      t.server.push("room:1", "hello", { n: 1 })
      t.server.push("room:1", "hello", { n: 2 })
      await t.after(20)
    }),
    same("needs no heartbeats", async (t) => {
      const { socket } = await joined(t, { heartbeatIntervalMs: 100 })
      await t.after(1000)
      t.note("state", socket.connectionState())
    }),
    same("disconnect gives the poll up", async (t) => {
      const { longPoll, socket, room } = await joined(t)
      t.note("requests", longPoll.underWay)
      t.seeChannel(room)
      socket.onClose(({ code, wasClean }) => t.note("socket close", code, wasClean))
      socket.disconnect(t.see("disconnected"))
      t.note("state", socket.connectionState(), room.state)
      await t.after(1000)
      t.note("requests", longPoll.underWay)
    }),
    same("disconnect passes a code and a reason on", async (t) => {
      const { socket } = await joined(t)
      seeClose(t, socket)
      socket.disconnect(undefined, 4000, "bye")
    }),
    differs(
      "the token of the session",
      {
        why: "URLs end up in logs; a server that does not read the header gets the token in the query",
        phoenix: ['token "the query"'],
        rookery: ['token "a header"'],
      },
      async (t) => {
        const { longPoll } = await joined(t)
        t.forget()
        t.note("token", longPoll.tokenIsIn)
      },
    ),
    differs(
      "the reason of a close without one",
      {
        why: "the reason of a CloseEvent is a string",
        phoenix: ["reason undefined"],
        rookery: ['reason ""'],
      },
      async (t) => {
        const { socket } = await joined(t)
        socket.onClose(({ reason }) => t.note("reason", reason))
        t.forget()
        socket.disconnect()
      },
    ),
  ])
})

describe("a long-poll that ends", () => {
  const failures = {
    "a session that is gone": { status: 410, token: "another", messages: [] },
    "a server that refuses": { status: 403 },
    "a server that fails": { status: 500 },
    "a network that fails": "a network error",
  } as const

  compareOn(
    Object.entries(failures).map(([name, answer]) =>
      same(`by ${name} is told, and tried again`, async (t) => {
        const { longPoll, socket, room } = await joined(t)
        seeClose(t, socket)
        t.seeChannel(room)
        socket.onError(() => t.note("socket error"))
        longPoll.instead.GET = answer
        t.server.push("room:1", "hello")
        await t.after(5)
        delete longPoll.instead.GET
        t.note("state", room.state)
        await t.after(50)
        t.note("state", socket.connectionState(), room.state)
      }),
    ),
  )

  compareOn([
    same("by a POST that is not taken is told, and tried again", async (t) => {
      const { longPoll, socket, room } = await joined(t)
      seeClose(t, socket)
      t.seeChannel(room)
      longPoll.instead.POST = { status: 410 }
      room.push("hello")
      await t.after(5)
      delete longPoll.instead.POST
      await t.after(50)
      t.note("state", socket.connectionState(), room.state)
    }),
    same("longpollerTimeout is how long a poll may hang", async (t) => {
      const { socket, room } = await joined(t, { longpollerTimeout: 500 })
      seeClose(t, socket)
      t.seeChannel(room)
      await t.after(400)
      t.note("not yet")
      await t.after(150)
      t.note("state", socket.connectionState(), room.state)
    }),
    same("it is 20 seconds unless given", async (t) => {
      const { socket } = await joined(t)
      seeClose(t, socket)
      await t.after(19_900)
      t.note("not yet")
      await t.after(100)
    }),
    differs(
      "the state until the next attempt",
      {
        why: "no attempt is running yet",
        phoenix: ['state "connecting"'],
        rookery: ['state "closed"'],
      },
      async (t) => {
        const { longPoll, socket } = await joined(t, { reconnectAfterMs: () => 1000 })
        longPoll.instead.GET = { status: 500 }
        t.server.push("room:1", "hello")
        await t.after(10)
        t.forget()
        t.note("state", socket.connectionState())
      },
    ),
    differs(
      "the error",
      {
        why: "it is an Error like all others, with the HTTP status as `status`",
        phoenix: ["error 403"],
        rookery: ['error {code:"connect_refused",status:403}'],
      },
      async (t) => {
        const longPoll = t.longPoll()
        longPoll.instead.GET = { status: 403 }
        const socket = over(t)
        socket.onError((error) =>
          t.note("error", error instanceof Error ? { code: Object(error).code, status: Object(error).status } : error),
        )
        socket.connect()
        await t.after(0)
        t.forget()
        await t.after(3)
      },
    ),
  ])
})
