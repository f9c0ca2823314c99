import { describe, vi } from "vitest"
import { compareOn, differs, same } from "../../support/api-table.js"

describe("params", () => {
  compareOn([
    same("an object is sent in the query, nested by brackets, vsn last", (t) => {
      t.socket({ params: { user: "ada l", meta: { a: 1, tags: ["x", "y&z"] }, on: true } }).connect()
    }),
    same("a function is asked anew on each connect", async (t) => {
      let asked = 0
      const socket = t.socket({ params: () => ({ asked: ++asked }) })
      socket.connect()
      await t.after(5)
      t.server.socket.closeFromServer(1006)
      await t.after(20)
    }),
    same("no params leave only vsn", (t) => t.socket().connect()),
    differs(
      "a param that is undefined",
      {
        why: "the server would read the text 'undefined'",
        phoenix: ["connect ws://example.test/socket/websocket?token=undefined&vsn=2.0.0"],
        rookery: ["connect ws://example.test/socket/websocket?vsn=2.0.0"],
      },
      (t) => t.socket({ params: { token: undefined } }).connect(),
    ),
    differs(
      "a param that is null",
      {
        why: "an empty pair between two ampersands has no meaning",
        phoenix: ["connect ws://example.test/socket/websocket?user=ada&&vsn=2.0.0"],
        rookery: ["connect ws://example.test/socket/websocket?user=ada&vsn=2.0.0"],
      },
      (t) => t.socket({ params: { user: "ada", token: null } }).connect(),
    ),
    same("the query of the endpoint is kept", (t) =>
      t.socket({ params: { b: 2 } }, "ws://example.test/socket?a=1").connect(),
    ),
  ])
})

describe("authToken", () => {
  compareOn([
    same("a string is offered as a subprotocol", (t) => t.socket({ authToken: "secret-token" }).connect()),
    same("a function is asked anew on each connect", async (t) => {
      let asked = 0
      t.server.refuses = 1
      t.socket({ authToken: () => `token-${++asked}` }).connect()
      await t.after(20)
    }),
    same("no token offers no subprotocol", (t) => t.socket({ authToken: undefined }).connect()),
    differs(
      "a token that is not Latin-1",
      {
        why: "it is encoded as UTF-8, which the server decodes",
        phoenix: ["connect throws"],
        rookery: [
          'connect ws://example.test/socket/websocket?vsn=2.0.0 "phoenix" "base64url.bearer.phx.4pyT"',
          "connect undefined",
        ],
      },
      (t) => t.attempt("connect", () => t.socket({ authToken: "✓" }).connect()),
    ),
  ])
})

describe("timeout", () => {
  compareOn([
    same("is how long a join waits", async (t) => {
      const socket = await t.connected({ timeout: 300 })
      t.server.silent = true
      t.seeAnswers(socket.channel("room:1").join(), "join")
      await t.after(299)
      t.note("not yet")
      await t.after(1)
    }),
    same("is how long a push waits", async (t) => {
      const { room } = await t.joined("room:1", { timeout: 300 })
      t.seeAnswers(room.push("noreply"), "push")
      await t.after(299)
      t.note("not yet")
      await t.after(1)
    }),
    same("is 10 seconds unless given", async (t) => {
      const { room } = await t.joined()
      t.seeAnswers(room.push("noreply"), "push")
      await t.after(9_999)
      t.note("not yet")
      await t.after(1)
    }),
  ])
})

describe("heartbeatIntervalMs", () => {
  compareOn([
    same("is the time between an answer and the next heartbeat", async (t) => {
      await t.connected({ heartbeatIntervalMs: 1000 })
      await t.after(990)
      t.note("not yet")
      await t.after(2500)
    }),
    same("is 30 seconds unless given", async (t) => {
      await t.connected()
      await t.after(29_990)
      t.note("not yet")
      await t.after(10)
    }),
    same("is how long a heartbeat waits for its answer", async (t) => {
      await t.connected({ heartbeatIntervalMs: 1000 })
      t.server.silent = true
      await t.after(1990)
      t.note("not yet")
      await t.after(500)
    }),
  ])
})

describe("reconnectAfterMs and rejoinAfterMs", () => {
  compareOn([
    same("reconnectAfterMs is asked with the number of the try", async (t) => {
      const reconnectAfterMs = (tries: number): number => (t.note("reconnect", tries), tries * 100)
      t.server.refuses = 3
      t.socket({ reconnectAfterMs }).connect()
      await t.after(1000)
    }),
    same("the tries begin anew once a connection opened", async (t) => {
      const reconnectAfterMs = (tries: number): number => (t.note("reconnect", tries), 100)
      t.server.refuses = 2
      t.socket({ reconnectAfterMs }).connect()
      await t.after(500)
      t.server.socket.closeFromServer(1006)
      await t.after(500)
    }),
    same("without it, the steps are 10, 50, 100, 150, 200, 250, 500, 1000, 2000, then 5000", async (t) => {
      t.server.refuses = 12
      const socket = t.socket()
      let last = Date.now()
      socket.onClose(() => (last = Date.now()))
      const asked = vi.spyOn(t.server, "connected")
      socket.connect()
      for (let seen = 1; asked.mock.calls.length < 13;) {
        await t.after(1)
        if (asked.mock.calls.length === seen) continue
        seen = asked.mock.calls.length
        t.note("tried again after", Date.now() - last)
      }
    }),
    same("rejoinAfterMs is asked with the number of the try", async (t) => {
      const socket = await t.connected({ rejoinAfterMs: (tries: number) => (t.note("rejoin", tries), tries * 100) })
      t.seeAnswers(socket.channel("room:denied").join(), "join")
      await t.after(700)
    }),
    same("without it, the steps are 1, 2, 5, then 10 seconds", async (t) => {
      const socket = await t.connected()
      const began = Date.now()
      socket
        .channel("room:denied")
        .join()
        .receive("error", () => t.note("refused after", Date.now() - began))
      await t.after(31_000)
    }),
    same("the tries begin anew after a join that went well", async (t) => {
      const socket = await t.connected({ rejoinAfterMs: (tries: number) => (t.note("rejoin", tries), 100) })
      t.server.gateClosed = true
      const room = socket.channel("room:gate")
      room.join()
      await t.after(250)
      t.server.gateClosed = false
      await t.after(100)
      room.push("crash")
      await t.after(200)
    }),
  ])
})

describe("logger and debug", () => {
  compareOn([
    same("a logger makes hasLogger() true, and log() goes to it", (t) => {
      const socket = t.socket({ logger: t.see("logger") })
      t.note("hasLogger", socket.hasLogger())
      socket.log("kind", "message", { data: 1 })
    }),
    same("without one there is none, and log() does nothing", (t) => {
      const socket = t.socket()
      t.note("hasLogger", socket.hasLogger())
      t.attempt("log", () => socket.log("kind", "message"))
    }),
    same("a logger is told the kinds push, receive, transport and channel", async (t) => {
      const kinds = new Set<string>()
      const { socket, room } = await t.joined("room:1", { logger: (kind: string) => kinds.add(kind) })
      room.push("echo")
      t.server.say("0", null, "room:1", "hello", { of: "an earlier join" })
      await t.after(5)
      socket.disconnect()
      await t.after(5)
      t.note("kinds", [...kinds].sort())
    }),
    same("a logger is told the payloads that are sent and received", async (t) => {
      const logger = (kind: string, _message: string, data: unknown): void => {
        if (kind === "push" || kind === "receive") t.note(kind, data)
      }
      const { room } = await t.joined("room:1", { logger })
      room.push("echo", { a: 1 })
      await t.after(5)
    }),
    same("a logger is told of a channel that crashes and of one that is closed", async (t) => {
      const { room } = await t.joined("room:1", { logger: (kind: string) => t.note(`logger ${kind}`) })
      room.push("crash")
      await t.after(1100)
      room.push("stop")
      await t.after(5)
    }),
    same("debug logs to the console", (t) => {
      const log = vi.spyOn(console, "log").mockImplementation(t.see("console"))
      const socket = t.socket({ debug: true })
      t.note("hasLogger", socket.hasLogger())
      socket.log("kind", "message", { data: 1 })
      log.mockRestore()
    }),
    same("a logger wins over debug", (t) => {
      t.socket({ debug: true, logger: t.see("logger") }).log("kind", "message", 1)
    }),
  ])
})

describe("vsn, encode, decode and binaryType", () => {
  type Message = { join_ref: unknown; ref: unknown; topic: string; event: string; payload: unknown }
  const encode = ({ join_ref, ref, ...rest }: Message, callback: (frame: string) => void): void =>
    callback(JSON.stringify([join_ref, ref, rest.topic, rest.event, { mine: rest.payload }]))
  const decode = (frame: string, callback: (message: unknown) => void): void => callback(JSON.parse(frame).mine)

  compareOn([
    same("vsn is asked for in the query", (t) => t.socket({ vsn: "1.0.0" }).connect()),
    same("encode writes what is sent", async (t) => {
      const { room } = await t.joined("room:1", { encode })
      room.push("hello", { a: 1 })
    }),
    same("encode may call back later", async (t) => {
      const later: typeof encode = (message, callback) => void setTimeout(() => encode(message, callback), 50)
      const socket = await t.connected({ encode: later })
      t.seeAnswers(socket.channel("room:1").join(), "join")
      t.note("nothing yet")
      await t.after(60)
    }),
    same("encode that calls back when the connection is gone sends nothing", async (t) => {
      const later: typeof encode = (message, callback) => void setTimeout(() => encode(message, callback), 50)
      const socket = await t.connected({ encode: later, reconnectAfterMs: () => 100 })
      socket.channel("room:1").join()
      t.server.socket.closeFromServer(1006)
      await t.after(60)
      t.note("nothing yet")
      await t.after(100)
    }),
    same("decode reads what is received", async (t) => {
      const socket = await t.connected({ decode })
      socket.onMessage(t.see("message"))
      const message = { topic: "room:1", event: "hello", payload: { a: 1 }, ref: null, join_ref: null }
      t.server.socket.deliver(JSON.stringify({ mine: message }))
    }),
    same("decode may call back later", async (t) => {
      const later: typeof decode = (frame, callback) => void setTimeout(() => decode(frame, callback), 50)
      const socket = await t.connected({ decode: later })
      socket.onMessage(t.see("message"))
      const message = { topic: "room:1", event: "hello", payload: { a: 1 }, ref: null, join_ref: null }
      t.server.socket.deliver(JSON.stringify({ mine: message }))
      t.note("nothing yet")
      await t.after(60)
    }),
    same("binaryType is set on the transport, arraybuffer unless given", async (t) => {
      await t.connected()
      t.note("binaryType", t.server.socket.binaryType)
      await t.connected({ binaryType: "blob" })
      t.note("binaryType", t.server.socket.binaryType)
    }),
  ])
})
