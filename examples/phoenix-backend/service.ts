import { parseArgs } from "node:util"
import { Presence, RookeryError, Socket } from "rookery"

/** The part of the Phoenix application's channels that this service uses. */
type Topics = {
  "room:*": {
    params: { as: string }
    receives: { shout: { text?: string; from?: string } }
    sends: { shout: { payload: { text: string; from: string } } }
  }
  "presence:*": { params: { name: string }; presence: { name: string; online_at: string } }
}

const { values } = parseArgs({
  options: {
    url: { type: "string", default: "ws://localhost:4400/socket" },
    room: { type: "string", default: "lobby" },
    name: { type: "string", default: "clock" },
  },
})
const { name } = values

const socket = new Socket<Topics>(values.url, {
  params: { user: name },
  authToken: () => process.env["PHOENIX_TOKEN"], // called again at every connect
  // A refused token stays refused, so the service does not retry.
  reconnectAfterMs: (tries, { error }) => {
    const refused = error instanceof RookeryError && error.code === "connect_refused"
    return refused ? false : Math.min(250 * 2 ** tries, 10_000)
  },
})
socket.onStatus((status, { lost }) => {
  console.log(`* ${status}`)
  if (status !== "disconnected") return
  console.log(lost?.error instanceof Error ? `* ${lost.error.message}` : "* goodbye")
  process.exitCode = lost?.error === undefined ? 0 : 1
})
socket.connect()

const room = socket.channel(`room:${values.room}`, { as: name })
const crowd = socket.channel(`presence:${values.room}`, { name })
const presence = new Presence(crowd)
presence.onSync(() => console.log(`* here: ${presence.list((key) => key).join(", ")}`))
room.on("shout", ({ text, from }) => {
  if (text !== "what time is it?" || from === name) return
  console.log(`${from ?? "somebody"} asks for the time`)
  room
    .push("shout", { text: `it is ${new Date().toISOString()}`, from: name })
    .catch((error: unknown) => console.log(`! ${String(error)}`))
})
room
  .join() // `receive` is called at every rejoin, too
  .receive("ok", () => console.log(`* answers in ${room.topic}`))
  .receive("error", (response) => console.log(`! refused: ${JSON.stringify(response)}`))

crowd.join()

process.once("SIGTERM", () => socket.disconnect(() => socket.destroy()))
