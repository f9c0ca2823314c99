import { createServer } from "node:http"
import { parseArgs } from "node:util"
import express from "express"
import { contract, Endpoint } from "rookery/server"
import type { Topics } from "./topics.js"

const { values } = parseArgs({ options: { port: { type: "string", default: "3000" } } })

const endpoint = new Endpoint({
  topics: contract<Topics>(),
  connect: ({ params }) => ({ assigns: { name: String(params["name"] ?? "somebody") } }),
})
endpoint.channel("orders:*", {
  joined: (room) => room.track(room.assigns.name, {}),
  receive: {
    note({ text }, room) {
      room.broadcast("noted", { by: room.assigns.name, text })
    },
  },
})

const app = express()
app.use(express.json())

// A plain HTTP route that broadcasts to the room, and answers with the people who are in it.
app.post("/orders/:id/status", (request, response) => {
  const topic = `orders:${request.params.id}` as const
  const { status } = request.body as { status: unknown }
  if (typeof status !== "string") return void response.status(422).json({ error: "a status is text" })
  void endpoint.broadcast(topic, "status", { status })
  response.json({ told: Object.keys(endpoint.presences(topic)) })
})

// The endpoint answers its own paths; Express answers all others.
const server = createServer(app)
endpoint.attach(server)
server.listen(Number(values.port), () => {
  const address = server.address()
  console.log(`Listening at http://localhost:${typeof address === "object" ? address?.port : address}`)
})

process.once("SIGTERM", async () => {
  await endpoint.close({ deadlineMs: 5000 })
  server.close()
})
