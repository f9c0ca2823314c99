import { RookeryError, Socket, type Transport } from "rookery"
import { msgpack } from "rookery/msgpack"
import { ScriptedPeer, type OnFrame } from "./peer.js"

type Topics = {
  "room:*": {
    params: { name: string }
    joined: { members: number }
    receives: { new_msg: { from: string; text: string } }
    sends: {
      new_msg: { payload: { from: string; text: string }; ok: { id: number } }
      never_answered: { payload: object; ok: never }
    }
  }
}

const chapter = (title: string): void => console.log(`\n${title}`)
const tell = (who: string, what: string): void => console.log(`  ${who.padEnd(5)} ${what}`)
const codeOf = (error: unknown): string => (error instanceof RookeryError ? error.code : String(error))

const peer = new ScriptedPeer()
const showFrames =
  (who: string): OnFrame =>
  (arrow, frame) =>
    tell(who, `${arrow} ${typeof frame === "string" ? frame : `${frame.length} bytes of MessagePack`}`)

const connect = (transport: Transport, options = {}): Socket<Topics> => {
  const socket = new Socket<Topics>("wss://example.com/socket", { transport, ...options })
  socket.connect()
  return socket
}

chapter("Ada speaks JSON, Bob speaks MessagePack; they join one room.")
const ada = connect(peer.transport(showFrames("Ada")))
const bob = connect(peer.transport(showFrames("Bob")), { serializer: msgpack() })
const adasRoom = await ada.join("room:lobby", { name: "Ada" })
const bobsRoom = bob.channel("room:lobby", { name: "Bob" })
const { members } = await bobsRoom.join()
tell("Bob", `is in, with ${members} members`)

chapter("Ada says something. Her push is answered, and Bob hears it.")
const heard = new Promise<void>((resolve) => {
  bobsRoom.on("new_msg", ({ from, text }) => {
    tell("Bob", `hears ${from}: ${text}`)
    resolve()
  })
})
const { id } = await adasRoom.push("new_msg", { from: "Ada", text: "hello" })
await heard
tell("Ada", `knows that it is message ${id}`)

chapter("Not every room is open.")
await ada.join("room:secret", { name: "Ada" }).catch((error: unknown) => tell("Ada", `is ${codeOf(error)}`))

chapter("The line breaks. What was in flight rejects at once, and the rooms are joined again.")
const inFlight = adasRoom.push("never_answered", {}).then(
  () => tell("Ada", "got an answer"),
  (error: unknown) => tell("Ada", `learns at once: ${codeOf(error)}`),
)
await Promise.resolve()
const back = Promise.all([ada, bob].map((socket) => new Promise<void>((resolve) => void socket.onOpen(resolve))))
peer.cut()
tell("Ada", `is ${ada.status}`)
await Promise.all([inFlight, back])
const again = await adasRoom.push("new_msg", { from: "Ada", text: "still here" })
tell("Ada", `is ${ada.status}, and said message ${again.id}`)

chapter("They go home, and nothing is left behind.")
await bobsRoom.leave()
ada.destroy()
bob.destroy()
