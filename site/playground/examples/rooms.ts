// A server and a client, both in this page. In Node the same code works over a network.
import { isRefused, Socket } from "rookery"
import { Endpoint, Refused } from "rookery/server"

const endpoint = new Endpoint()
endpoint.channel("room:*", {
  join({ topic }) {
    if (topic === "room:secret") throw new Refused({ reason: "unauthorized" })
    return { greeting: `welcome to ${topic}` }
  },
  receive: {
    add: ({ a, b }) => ({ sum: a + b }), // the reply
    shout: ({ text }, room) => void room.broadcast("shouted", { text: text.toUpperCase() }),
  },
})
await endpoint.listen({ port: 4000 })

const socket = new Socket("ws://localhost:4000/socket", { params: { name: "Ada" } })
socket.connect()

const lobby = socket.channel("room:lobby")
lobby.on("shouted", ({ text }) => console.log("heard:", text))
const { greeting } = await lobby.join()
console.log(greeting)

const { sum } = await lobby.push("add", { a: 2, b: 3 })
console.log("2 + 3 =", sum)
await lobby.push("shout", { text: "hello" })

try {
  await socket.join("room:secret")
} catch (error) {
  if (isRefused(error)) console.log(error.message)
}
