import { Endpoint, Refused } from "rookery/server"

const KEPT = 50

/** @type {Map<string, { id: number, from: string, text: string }[]>} */
const messages = new Map()
let id = 0

/** @type {Endpoint<import("./app/topics").Topics>} */
const endpoint = new Endpoint({
  // Pages of this machine may connect; those of yours: origins: ["https://example.com"]
})

endpoint.channel("room:*", {
  join: ({ topic }) => ({ messages: messages.get(topic) ?? [] }),
  receive: {
    new_msg({ from, text }, room) {
      if (typeof from !== "string" || typeof text !== "string" || !text.trim() || from.length + text.length > 500)
        throw new Refused({ reason: "say something, but not too much" })
      const message = { id: id++, from, text }
      messages.set(room.topic, [...(messages.get(room.topic) ?? []), message].slice(-KEPT))
      room.broadcast("new_msg", message)
    },
  },
})

const { port } = await endpoint.listen({ port: Number(process.env.PORT ?? 4000) })
console.log(`The endpoint is at ws://localhost:${port}/socket`)
