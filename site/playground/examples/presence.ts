// The people in a room. Cut the cable of one of them, and the other sees it.
import { Presence, Socket } from "rookery"
import { Endpoint } from "rookery/server"

const endpoint = new Endpoint()
endpoint.channel("room:*", {
  joined: (room) => room.track(room.params.name, { mood: "glad" }),
})
await endpoint.listen({ port: 4000 })

async function enter(name: string): Promise<Socket> {
  const socket = new Socket("ws://localhost:4000/socket", { params: { name } })
  socket.connect()
  const room = socket.channel("room:lobby", { name })
  const presence = new Presence(room)
  const seen = new Promise<void>((resolve) => {
    presence.onSync(() => {
      console.log(`${name} sees ${presence.list((key) => key).join(", ")}`)
      resolve()
    })
  })
  await room.join()
  await seen
  return socket
}

const [, , carol] = await Promise.all([enter("Ada"), enter("Bob"), enter("Carol")])

setTimeout(() => {
  console.log("Carol goes")
  carol.disconnect()
}, 1000)
