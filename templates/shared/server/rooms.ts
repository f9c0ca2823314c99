import { contract, Endpoint, Refused } from "rookery/server"
import type { Topics } from "../contract/topics.js"

const { ORIGINS } = process.env

export const endpoint = new Endpoint({
  topics: contract<Topics>(),
  // The pages that may connect, such as https://example.com; by default those of this machine.
  ...(ORIGINS && { origins: ORIGINS.split(",") }),
})

endpoint.channel("room:*", {
  // The newest hundred messages of each room, for an hour. A client that was away gets what it missed.
  history: { size: 100, ttl: 3_600_000 },
  join({ params: { name } }) {
    // Check what comes from a client: the types hold for your own page, not for everybody.
    if (typeof name !== "string" || name.trim() === "" || name.length > 40) {
      throw new Refused({ reason: "a name has 1 to 40 characters" })
    }
  },
  joined: (room) => room.track(room.params.name, { since: Date.now() }),
  receive: {
    new_msg({ text }, room) {
      if (typeof text !== "string" || text.trim() === "" || text.length > 500) {
        throw new Refused({ reason: "a message has 1 to 500 characters" })
      }
      const id = crypto.randomUUID()
      room.broadcast("new_msg", { id, from: room.params.name, text })
      return { id }
    },
  },
})
