// A cut connection that loses nothing. The program cuts the cable once; then try the switch of Ada.
import { cable } from "playground" // only here
import { Socket } from "rookery"
import { Endpoint } from "rookery/server"

const endpoint = new Endpoint()
endpoint.channel("numbers", { history: { size: 100, ttl: 60_000 } }) // kept for clients that come back
await endpoint.listen({ port: 4000 })

let n = 0
const send = () => endpoint.broadcast("numbers", "number", { n: ++n })
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

const socket = new Socket("ws://localhost:4000/socket", { params: { name: "Ada" } })
socket.onError(() => {}) // that the cable is cut is no news here
socket.connect()

const numbers = socket.channel("numbers", {}, { recover: true })
numbers.on("number", ({ n }) => console.log("got", n))
numbers.onRecovered(({ recovered }) => console.log(recovered ? "back, nothing is lost" : "back, something is lost"))
await numbers.join()

await send()
await send()
await pause(500)

console.log("the cable is cut, and 3 and 4 are sent")
cable(socket).cut()
await send()
await send()
await pause(500)

cable(socket).mend()
setInterval(send, 3000)
