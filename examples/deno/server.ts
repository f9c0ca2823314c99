import { Endpoint } from "rookery/server"

// On Deno this import gives the endpoint that listens with Deno's own server.
const endpoint = new Endpoint()
endpoint.channel("room:*", {
  history: { size: 100, ttl: 60_000 },
  receive: { shout: (payload, room) => room.broadcast("shout", payload) },
})

const { port } = await endpoint.listen({ port: 0, host: "127.0.0.1" })
console.log(`Rooms at ws://127.0.0.1:${port}/socket`)
