import type { Goal, Scenario } from "../harness/scenario.js"
import { collectGarbage, cpuTime } from "../harness/stopwatch.js"
import { connect, LIBRARIES, type ChannelLike } from "./library.js"
import { Peer } from "./peer.js"
import { topics } from "./topics.js"

const WARM_UP_ROOMS = 1000
const WARM_UPS = 10
/** A hundred rooms are joined too fast for one cycle to say much. */
const CYCLES = 5

/** Nanoseconds of computing from the first call to the last answer, without the peer's. */
async function timed(peer: Peer, work: () => Promise<void>): Promise<number> {
  collectGarbage()
  const started = cpuTime()
  const busy = peer.busy
  await work()
  return cpuTime() - started - (peer.busy - busy)
}

function expectAll(channels: readonly ChannelLike[], state: string): void {
  const other = channels.find((channel) => channel.state !== state)
  if (other !== undefined) throw new Error(`a channel is ${other.state} instead of ${state}`)
}

async function joinRejoinLeave(
  library: string,
  count: number,
): Promise<{ join: number; rejoin: number; leave: number }> {
  const peer = new Peer()
  const socket = await connect(library, peer)
  const names = topics(count)
  const channels: ChannelLike[] = []

  const join = await timed(peer, async () => {
    for (const topic of names) {
      const channel = socket.channel(topic)
      channel.on("new_msg", () => {})
      channel.join()
      channels.push(channel)
    }
    await peer.answered(count)
  })
  expectAll(channels, "joined")

  const rejoin = await timed(peer, async () => {
    peer.drop()
    await peer.answered(count)
  })
  expectAll(channels, "joined")

  const leave = await timed(peer, async () => {
    for (const channel of channels) channel.leave()
    await peer.answered(count)
  })
  expectAll(channels, "closed")

  socket.disconnect()
  return { join, rejoin, leave }
}

export const rooms: Scenario = {
  name: "rooms",
  title: "Joining all rooms, reconnecting and rejoining them, leaving them",
  subjects: LIBRARIES,
  caseTitle: "rooms",
  cases: ["100", "1000", "10000"],
  metrics: { join: "ns", rejoin: "ns", leave: "ns" },
  launches: 2,
  warmUp: 0,
  rounds: 3,

  async prepare(library, of) {
    const count = Number(of)
    for (let i = 0; i < WARM_UPS; i++) await joinRejoinLeave(library, Math.min(count, WARM_UP_ROOMS))
    if (count > WARM_UP_ROOMS) return () => joinRejoinLeave(library, count)
    return async () => {
      const sum = { join: 0, rejoin: 0, leave: 0 }
      for (let i = 0; i < CYCLES; i++) {
        const { join, rejoin, leave } = await joinRejoinLeave(library, count)
        sum.join += join / CYCLES
        sum.rejoin += rejoin / CYCLES
        sum.leave += leave / CYCLES
      }
      return sum
    }
  },

  goals(median) {
    const [ours, phoenix] = LIBRARIES
    const faster = (what: string, metric: string, limit: number): Goal => ({
      text: `${what} 10,000 rooms, times faster than phoenix.js`,
      measured: median(phoenix, "10000", metric) / median(ours, "10000", metric),
      bound: "at least",
      limit,
    })
    return [faster("joining", "join", 10), faster("rejoining", "rejoin", 20), faster("leaving", "leave", 50)]
  },
}
