import { contract, Endpoint, Refused } from "rookery/server"
import { DEMO_PATH, MAX_TEXT, type DemoTopics } from "./topics.js"

const MAX_COUNT = 100
const MAX_TOPICS = 1000
const EVERY_MS = 200

interface Room {
  said: number
  /** Messages that the server still has to send. */
  owed: number
  timer?: NodeJS.Timeout
}

/** The endpoint of the demo: anybody may join, and each page has a topic of its own. */
export function demoEndpoint(): Endpoint<DemoTopics> {
  const rooms = new Map<string, Room>()
  const endpoint = new Endpoint({
    path: DEMO_PATH,
    topics: contract<DemoTopics>(),
    connect: ({ params }) => ({ id: `demo:${String(params["name"]).slice(0, 20)}` }),
  })

  function roomOf(topic: string): Room {
    let room = rooms.get(topic)
    if (room === undefined) {
      room = { said: 0, owed: 0 }
      rooms.set(topic, room)
      // The oldest topic goes, so that pages that were closed long ago take no memory.
      for (const [oldest, { timer }] of rooms) {
        if (rooms.size <= MAX_TOPICS) break
        clearInterval(timer)
        rooms.delete(oldest)
      }
    }
    return room
  }

  function say(topic: string, from: string, text: string): number {
    const n = ++roomOf(topic).said
    void endpoint.broadcast(topic as `demo:${string}`, "said", { n, from, text, at: Date.now() })
    return n
  }

  endpoint.channel("demo:*", {
    // A client that is back within ten minutes gets what it missed, up to a thousand messages.
    history: { size: 1000, ttl: 600_000 },
    receive: {
      say({ text }, channel) {
        if (typeof text !== "string" || text.trim() === "" || text.length > MAX_TEXT) {
          throw new Refused({ reason: `a text has 1 to ${MAX_TEXT} characters` })
        }
        return { n: say(channel.topic, channel.socket.id?.slice("demo:".length) ?? "", text) }
      },
      count({ messages }, channel) {
        if (!Number.isInteger(messages) || messages < 1 || messages > MAX_COUNT) {
          throw new Refused({ reason: `count takes 1 to ${MAX_COUNT} messages` })
        }
        const { topic } = channel
        const room = roomOf(topic)
        room.owed = messages
        if (room.timer !== undefined) return
        room.timer = setInterval(() => {
          say(topic, "Server", `message ${room.said + 1}`)
          if (--room.owed > 0) return
          clearInterval(room.timer)
          delete room.timer
        }, EVERY_MS).unref()
      },
    },
  })
  return endpoint
}
