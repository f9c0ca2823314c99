import { draw, seeded } from "../harness/random.js"
import type { Scenario } from "../harness/scenario.js"
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
  metrics: { reply: "ns" },
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
    const takeOne = (): string => {
      const pending = peer.unanswered
      const message = draw(pending, random)
      pending[pending.indexOf(message)] = pending.at(-1) as Tuple
      pending.pop()
      return ok(message)
    }
    const batch = async (): Promise<number> => {
      const frames = Array.from({ length: BATCH }, takeOne)
      const started = now()
      for (const frame of frames) peer.deliver(frame)
      // What a reply sets going in promises is part of it.
      await null
      const took = now() - started
      await push(BATCH)
      return took
    }
    return async () => {
      collectGarbage()
      let took = 0
      for (let i = 0; i < BATCHES; i++) took += await batch()
      if (replied !== pushed - Number(of)) throw new Error(`${replied} replies to ${pushed} pushes arrived`)
      return { reply: took / (BATCH * BATCHES) }
    }
  },

  goals(median) {
    const [ours, phoenix] = LIBRARIES
    const many = median(ours, "10000", "reply")
    return [
      {
        text: "a reply among 10,000 pending pushes, times faster than phoenix.js",
        measured: median(phoenix, "10000", "reply") / many,
        bound: "at least",
        limit: 60,
      },
      {
        text: "a reply among 10,000 pending pushes against one among 100",
        measured: many / median(ours, "100", "reply"),
        bound: "at most",
        limit: 1.5,
      },
    ]
  },
}
