import { parseArgs } from "node:util"
import { Socket } from "rookery"
import type { Topics } from "./topics.js"

const { values } = parseArgs({
  options: {
    url: { type: "string", default: "ws://localhost:3000/socket" },
    order: { type: "string", default: "7" },
    name: { type: "string", default: "Ada" },
  },
})

const socket = new Socket<Topics>(values.url, { params: { name: values.name } })
socket.connect()
const order = await socket.join(`orders:${values.order}`)
order.on("status", ({ status }) => console.log(`Order ${values.order} is ${status}`))
order.on("noted", ({ by, text }) => console.log(`${by} notes: ${text}`))
await order.push("note", { text: "I am watching" })
