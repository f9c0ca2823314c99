import { seeded } from "../harness/random.js"
import type { Scenario } from "../harness/scenario.js"
import { median } from "../harness/statistics.js"
import { collectGarbage, now } from "../harness/stopwatch.js"
import { connect, LIBRARIES } from "./library.js"
import { Peer, UNANSWERED, type Tuple } from "./peer.js"

// A tenth of the least number of pending pushes: few enough that "pending" stays true, enough for the clock.
const BATCH = 10
const BATCHES = 100

const ok = ([join_ref, ref, topic]: Tuple): string =>
  JSON.stringify([join_ref, ref, topic, "phx_reply", { status: "ok", response: { id: 7 } }] satisfies Tuple)

export const reply: Scenario = {
  name: "reply",
  title: "One reply, while other pushes of the room are pending",
  subjects: LIBRARIES,
  caseTitle: "pending",
  cases: ["100", "1000", "10000"],
  metrics: { "in turn": "ns", "in any order": "ns" },
  launches: 3,
  warmUp: 3,
  rounds: 7,

  async prepare(library, of) {
    const peer = new Peer()
    const socket = await connect(library, peer)
    const channel = socket.channel("room:1")
    channel.join()
    await peer.answered(1)

    let pushed = 0
    let replied = 0
    const push = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) channel.push(UNANSWERED, {}).receive("ok", () => replied++)
      pushed += count
      await peer.answered(count)
    }
    await push(Number(of))

    const random = seeded()
    const oldest = (): number => 0
    const any = (): number => Math.floor(random() * peer.unanswered.length)
    const batch = async (next: () => number): Promise<number> => {
      const frames = Array.from({ length: BATCH }, () => ok(peer.unanswered.splice(next(), 1)[0] as Tuple))
      const started = now()
      for (const frame of frames) peer.deliver(frame)
      // The promises that a reply settles are part of its cost.
      await null
      const took = now() - started
      await push(BATCH)
      return took
    }
    const middleOf = async (next: () => number): Promise<number> => {
      const times: number[] = []
      for (let i = 0; i < BATCHES; i++) times.push(await batch(next))
      // A batch is too short for the resolution of CPU time. By the clock, the median batch was not interrupted.
      return median(times) / BATCH
    }
    return async () => {
      collectGarbage()
      const answer = { "in turn": await middleOf(oldest), "in any order": await middleOf(any) }
      if (replied !== pushed - Number(of)) throw new Error(`${replied} replies to ${pushed} pushes arrived`)
      return answer
    }
  },

  goals(medianOf) {
    const [ours, phoenix] = LIBRARIES
    const many = medianOf(ours, "10000", "in turn")
    return [
      {
        text: "a reply among 10,000 pending pushes, times faster than phoenix.js",
        measured: medianOf(phoenix, "10000", "in turn") / many,
        bound: "at least",
        limit: 60,
      },
      {
        // Constant except for the memory: ten thousand pushes do not fit in the processor's caches.
        text: "a reply among 10,000 pending pushes against one among 100",
        measured: many / medianOf(ours, "100", "in turn"),
        bound: "at most",
        limit: 3,
      },
    ]
  },
}
