// Two serializers in one room. Compare the bytes of Ada's and Bob's messages on the wire.
import { Socket } from "rookery"
import { msgpack } from "rookery/msgpack"
import { Endpoint } from "rookery/server"

const endpoint = new Endpoint() // speaks JSON and MessagePack
endpoint.channel("game:*", {
  receive: {
    move: ({ x, y }, game) => void game.broadcast("moved", { by: game.params.name, x, y }),
    photo: ({ bytes }) => ({ size: new Uint8Array(bytes).length }),
  },
})
await endpoint.listen({ port: 4000 })

async function enter(name: string, options: object) {
  const socket = new Socket("ws://localhost:4000/socket", { params: { name }, ...options })
  socket.connect()
  const game = socket.channel("game:1", { name })
  game.on("moved", ({ by, x, y }) => console.log(`${name} hears: ${by} moved to ${x}, ${y}`))
  await game.join()
  return game
}

const ada = await enter("Ada", {}) // JSON
const bob = await enter("Bob", { serializer: msgpack() })

await ada.push("move", { x: 1024, y: 768 })
await bob.push("move", { x: 1024, y: 768 })

// Bytes anywhere in a payload: only MessagePack carries them.
const { size } = await bob.push("photo", { name: "owl.png", bytes: new Uint8Array([137, 80, 78, 71]) })
console.log("the photo has", size, "bytes")
