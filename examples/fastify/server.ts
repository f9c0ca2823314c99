import { parseArgs } from "node:util"
import fastify from "fastify"
import { contract, Endpoint } from "rookery/server"

type Topics = {
  "poll:*": {
    joined: { votes: Record<string, number> }
    receives: { votes: Record<string, number> }
    sends: { vote: { payload: { choice: string }; ok: { choice: string } } }
  }
}

const { values } = parseArgs({ options: { port: { type: "string", default: "3000" } } })

const polls = new Map<string, Map<string, number>>()
const pollOf = (topic: string): Map<string, number> => {
  const poll = polls.get(topic) ?? new Map<string, number>()
  polls.set(topic, poll)
  return poll
}

const app = fastify()
const endpoint = new Endpoint({ topics: contract<Topics>() })
endpoint.channel("poll:*", {
  join: ({ topic }) => ({ votes: Object.fromEntries(pollOf(topic)) }),
  receive: {
    vote({ choice }, room) {
      const poll = pollOf(room.topic)
      poll.set(choice, (poll.get(choice) ?? 0) + 1)
      room.broadcast("votes", Object.fromEntries(poll))
      return { choice }
    },
  },
})

app.get<{ Params: { id: string } }>("/polls/:id", ({ params }) => Object.fromEntries(pollOf(`poll:${params.id}`)))

// The endpoint answers its own paths on Fastify's server, and closes with it.
endpoint.attach(app.server)
app.addHook("preClose", () => endpoint.close({ deadlineMs: 5000 }))

console.log(`Listening at ${await app.listen({ port: Number(values.port), host: "127.0.0.1" })}`)
process.once("SIGTERM", () => void app.close())
