import type { Scenario } from "../harness/scenario.js"
import { draw, seeded } from "../harness/random.js"
import { perCall } from "../harness/stopwatch.js"
import { connect, LIBRARIES } from "./library.js"
import { Peer, type Tuple } from "./peer.js"
import { shortTopics, topics } from "./topics.js"

// The same number of different frames for any number of rooms, so that a frame is as cold in the cache with one room as
// with many, and enough of them that every room gets its messages.
const FRAMES = 2 ** 14

const SHORT = "10000, room:1 to room:10000"

function broadcast(topic: string, id: number): string {
  const payload = { id, from: "ada", text: "The nest is ready." }
  return JSON.stringify([null, null, topic, "new_msg", payload] satisfies Tuple)
}

export const incoming: Scenario = {
  name: "incoming",
  title: "One incoming message, with one handler in each joined room",
  subjects: LIBRARIES,
  caseTitle: "rooms",
  cases: ["1", "100", "1000", "10000", SHORT],
  metrics: { message: "ns" },
  launches: 3,
  warmUp: 3,
  rounds: 7,

  async prepare(library, of) {
    const peer = new Peer()
    const socket = await connect(library, peer)
    const rooms = of === SHORT ? shortTopics(10_000) : topics(Number(of))
    let received = 0
    for (const topic of rooms) {
      const channel = socket.channel(topic)
      channel.on("new_msg", () => received++)
      channel.join()
    }
    await peer.answered(rooms.length)

    const random = seeded()
    const frames = Array.from({ length: FRAMES }, (_, id) => broadcast(draw(rooms, random), id))
    let sent = 0
    const round = perCall((at) => {
      sent++
      peer.deliver(frames[at % FRAMES] as string)
    })
    return () => {
      const message = round()
      if (received !== sent) throw new Error(`${received} of ${sent} messages reached their handlers`)
      return { message }
    }
  },

  goals(median) {
    const [ours, phoenix] = LIBRARIES
    const one = median(ours, "1", "message")
    const many = median(ours, "10000", "message")
    return [
      {
        text: "a message with 10,000 rooms against one with 1 room",
        measured: many / one,
        bound: "at most",
        limit: 2,
      },
      {
        text: "a message with 10,000 rooms, times faster than phoenix.js",
        measured: median(phoenix, "10000", "message") / many,
        bound: "at least",
        limit: 100,
      },
      {
        text: "a message with 1 room, times faster than phoenix.js",
        measured: median(phoenix, "1", "message") / one,
        bound: "at least",
        limit: 1,
      },
    ]
  },
}
