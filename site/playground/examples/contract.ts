// One contract for both ends. In an editor the commented lines are errors.
import { isRefused, resultOf, Socket } from "rookery"
import { contract, Endpoint, Refused } from "rookery/server"

type Topics = {
  "room:*": {
    params: { name: string }
    joined: { people: number }
    receives: { new_msg: { from: string; text: string } } // server to client
    sends: { new_msg: { payload: { text: string }; ok: { id: number }; error: { reason: string } } } // client to server
  }
}

const endpoint = new Endpoint({ topics: contract<Topics>() })
let people = 0
let lastId = 0
endpoint.channel("room:*", {
  join: () => ({ people: ++people }),
  receive: {
    new_msg({ text }, room) {
      if (text.trim() === "") throw new Refused({ reason: "empty" })
      room.broadcast("new_msg", { from: room.params.name, text })
      return { id: ++lastId }
    },
  },
})
await endpoint.listen({ port: 4000 })

const socket = new Socket<Topics>("ws://localhost:4000/socket", { params: { name: "Ada" } })
socket.connect()

const room = socket.channel("room:lobby", { name: "Ada" })
room.on("new_msg", ({ from, text }) => console.log(`${from}: ${text}`))
const joined = await room.join()
console.log(joined.people, "in the room")

const { id } = await room.push("new_msg", { text: "hi" })
console.log("it is message", id)
// room.push("new_mgs", { text: "hi" })     no such event
// room.push("new_msg", { body: "hi" })     no such payload

const result = await resultOf(room.push("new_msg", { text: " " }))
if (!result.ok && isRefused(result.error)) console.log("refused:", result.error.response.reason)
