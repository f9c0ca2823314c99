import { describe } from "vitest"
import { compareOn, differs, same } from "../../support/api-table.js"
import { binaryBroadcast, binaryReply, binaryServerPush } from "../../support/binary-v2.js"

const bytes = (...values: number[]): ArrayBuffer => new Uint8Array(values).buffer

describe("bytes", () => {
  compareOn([
    same("an ArrayBuffer is sent in a binary frame, and answered in one", async (t) => {
      const { room } = await t.joined()
      t.seeAnswers(room.push("echo", bytes(0, 1, 255)), "push")
      t.seeAnswers(room.push("echo", bytes()), "empty push")
      await t.after(5)
    }),
    same("an error answer may be binary", async (t) => {
      const { room } = await t.joined()
      const joinRef = t.server.joinRef("room:1")
      t.server.received = (_socket, frame) => {
        const [ref = ""] = [JSON.parse(String(frame))[1]]
        t.server.socket.deliver(binaryReply(joinRef, ref, "room:1", "error", bytes(1, 2)))
      }
      t.seeAnswers(room.push("echo"), "push")
    }),
    same("a push from the server is an ArrayBuffer, without a ref", async (t) => {
      const { socket, room } = await t.joined()
      room.on("bin", t.see("bin"))
      socket.onMessage(t.see("message"))
      t.server.socket.deliver(binaryServerPush(t.server.joinRef("room:1"), "room:1", "bin", bytes(1, 2, 3)))
    }),
    same("a broadcast is an ArrayBuffer, without a ref or a join_ref", async (t) => {
      const { socket, room } = await t.joined()
      room.on("bin", t.see("bin"))
      socket.onMessage(t.see("message"))
      t.server.socket.deliver(binaryBroadcast("room:1", "bin", bytes(1, 2, 3)))
    }),
    same("a frame with an empty join_ref is for everybody", async (t) => {
      const { room } = await t.joined()
      room.on("bin", t.see("bin"))
      t.server.socket.deliver(binaryServerPush("", "room:1", "bin", bytes(1)))
    }),
    differs(
      "a view on bytes",
      {
        why: "an app that pushes a Uint8Array means the bytes of that view, not its whole buffer",
        phoenix: ['-> #1 #2 "room:1" "hello" {0:2,1:3}'],
        rookery: ['-> #1 #2 "room:1" "hello" <02 03>'],
      },
      async (t) => {
        const { room } = await t.joined()
        t.forget()
        room.push("hello", new Uint8Array([1, 2, 3, 4]).subarray(1, 3))
      },
    ),
  ])
})

describe("what cannot be written or read", () => {
  compareOn([
    differs(
      "a payload that cannot be encoded",
      {
        why: "only that push fails, and onError gets the error",
        phoenix: ["push throws"],
        rookery: ["push undefined", 'socket error "unencodable"'],
      },
      async (t) => {
        const { socket, room } = await t.joined()
        socket.onError((error) => t.note("socket error", error.code))
        t.forget()
        t.attempt("push", () => void room.push("hello", { n: 1n }))
        await t.after(0)
      },
    ),
    differs(
      "a payload that cannot be encoded, pushed before the join",
      {
        why: "the pushes after it are sent",
        phoenix: ["uncaught an Error"],
        rookery: ['-> #1 #2 "room:1" "echo" {n:2}', 'socket error "unencodable"', "second ok {n:2}"],
      },
      async (t) => {
        const socket = await t.connected()
        socket.onError((error) => t.note("socket error", error.code))
        const room = socket.channel("room:1")
        room.join()
        room.push("echo", { n: 1n })
        t.seeAnswers(room.push("echo", { n: 2 }), "second")
        t.forget()
        await t.after(10)
      },
    ),
    differs(
      "a binary frame of a kind that there is not",
      {
        why: "onError gets the error",
        phoenix: ["uncaught an Error"],
        rookery: ['socket error "bad_frame"'],
      },
      async (t) => {
        const { socket } = await t.joined()
        socket.onError((error) => t.note("socket error", error.code))
        t.forget()
        t.server.socket.deliver(bytes(9, 1, 2, 3))
      },
    ),
  ])
})

describe("Serializer", () => {
  const message = { join_ref: "1", ref: "2", topic: "room:1", event: "hello", payload: { a: 1 } }

  compareOn([
    same("encode writes text, and gives what the callback gives", (t) => {
      t.library.Serializer.encode(message, t.see("frame"))
      t.note(
        "gives",
        t.library.Serializer.encode(message, () => "given"),
      )
    }),
    same("encode writes an ArrayBuffer payload as bytes", (t) => {
      t.library.Serializer.encode({ ...message, payload: bytes(1, 2) }, t.see("frame"))
    }),
    same("decode reads text, and gives what the callback gives", (t) => {
      const frame = '["1","2","room:1","hello",{"a":1}]'
      t.library.Serializer.decode(frame, t.see("message"))
      t.note(
        "gives",
        t.library.Serializer.decode(frame, () => "given"),
      )
    }),
    same("decode reads bytes of each kind", (t) => {
      const frames = [
        binaryServerPush("1", "room:1", "hello", bytes(1)),
        binaryReply("1", "2", "room:1", "ok", bytes(2)),
        binaryBroadcast("room:1", "hello", bytes(3)),
      ]
      for (const frame of frames) t.library.Serializer.decode(frame, t.see("message"))
    }),
    same("a field of more than 255 bytes does not fit a binary frame", (t) => {
      const long = { ...message, topic: "x".repeat(256), payload: bytes(1) }
      t.attempt("encode", () => t.library.Serializer.encode(long, t.see("frame")))
    }),
  ])
})
