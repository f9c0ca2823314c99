import { parseArgs } from "node:util"
import { Presence, RookeryError, Socket, type SocketOptions } from "rookery"
import { msgpack } from "rookery/msgpack"
import { chat } from "./server.js"
import type { Topics } from "./topics.js"

const { values } = parseArgs({ options: { port: { type: "string" }, once: { type: "boolean" } } })

const chapter = (title: string): void => console.log(`\n${title}`)
const tell = (who: string, what: string): void => console.log(`  ${who.padEnd(4)} ${what}`)
const codeOf = (error: unknown): string => (error instanceof RookeryError ? error.code : String(error))
const opened = (socket: Socket<Topics>): Promise<void> =>
  new Promise((resolve) => {
    socket.onOpen(resolve)
  })

// The requested port, or 4000, or any other if that is taken.
const endpoint = chat()
const wanted = Number(values.port ?? 4000)
const { port } = await endpoint.listen({ port: wanted }).catch((error: unknown) => {
  if (values.port !== undefined) throw error
  return endpoint.listen({ port: 0 })
})
const url = `ws://127.0.0.1:${port}/socket`
console.log(`The endpoint listens at ${url}`)

const connect = (name: string, options: SocketOptions = {}): Socket<Topics> => {
  const socket = new Socket<Topics>(url, { params: { name }, ...options })
  socket.connect()
  return socket
}

chapter("Ada speaks JSON, Bob speaks MessagePack; they join one room.")
const ada = connect("Ada")
const bob = connect("Bob", { serializer: msgpack() })
const adasRoom = await ada.join("room:lobby")
const bobsRoom = bob.channel("room:lobby")
const presence = new Presence(bobsRoom)
const everybody = new Promise<void>((resolve) => {
  presence.onSync(() => {
    if (Object.keys(presence.state).length === 2) resolve()
  })
})
await Promise.all([bobsRoom.join(), everybody])
tell("Bob", `sees ${Object.keys(presence.state).sort().join(" and ")}`)

chapter("Ada says something. Her push is answered, and Bob hears it.")
const heard = new Promise<void>((resolve) => {
  bobsRoom.on("new_msg", ({ from, text }) => {
    tell("Bob", `hears ${from}: ${text}`)
    resolve()
  })
})
const [{ id }] = await Promise.all([adasRoom.push("new_msg", { text: "hello" }), heard])
tell("Ada", `knows that it is message ${id}`)

chapter("Not every room is open.")
await ada.join("room:secret").catch((error: unknown) => tell("Ada", `is ${codeOf(error)}`))

chapter("The server sends Ada away. What was in flight rejects at once, and her room is joined again.")
const inFlight = adasRoom.push("never_answered").then(
  () => tell("Ada", "got an answer"),
  (error: unknown) => tell("Ada", `learns at once: ${codeOf(error)}`),
)
const back = opened(ada)
ada.onStatus((status) => status === "reconnecting" && tell("Ada", `is ${status}`))
endpoint.disconnect("user:Ada")
await Promise.all([inFlight, back])
const again = await adasRoom.push("new_msg", { text: "still here" })
tell("Ada", `is ${ada.status} again, and said message ${again.id}`)

chapter("They go home, and nothing is left behind.")
ada.destroy()
bob.destroy()

if (values.once) {
  await endpoint.close()
} else {
  chapter(`The endpoint goes on at ${url}: join "room:lobby" with any client of Phoenix. Ctrl-C ends it.`)
  process.once("SIGINT", () => void endpoint.close({ deadlineMs: 1000 }))
}
