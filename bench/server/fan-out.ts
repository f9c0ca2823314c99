import type { Medians, Round, Scenario, Goal } from "../harness/scenario.js"
import { median, percentile } from "../harness/statistics.js"
import { now } from "../harness/stopwatch.js"
import { flatOut } from "./flat-out.js"
import { Remote } from "./remote.js"
import { Room } from "./room.js"
import { WITH_PARTS } from "./subjects.js"

const SOCKETS = 200
const MIXED = ", half MessagePack"

// 20,000 deliveries a second, far below the limit of each server, so that nothing queues.
const PACE_MS = 10
const PACED_MESSAGES = 60

/** Sends at a steady pace, and measures the time of each delivery. */
async function paced(remote: Remote, room: Room): Promise<Record<string, number>> {
  const sentAt: number[] = []
  const seen = new Uint32Array(SOCKETS)
  const latencies: number[] = []
  const before = await remote.usage("settled usage")
  await new Promise<void>((resolve) => {
    room.listen((count, socket) => {
      const at = now()
      for (let i = 0; i < count; i++) latencies.push(at - (sentAt[(seen[socket] as number)++] as number))
      if (latencies.length === PACED_MESSAGES * SOCKETS) resolve()
    })
    const timer = setInterval(() => {
      sentAt.push(now())
      room.shout()
      if (sentAt.length === PACED_MESSAGES) clearInterval(timer)
    }, PACE_MS)
  })
  room.silence()
  const after = await remote.usage()
  return {
    "CPU a delivery": (after.cpu - before.cpu) / latencies.length,
    latency: median(latencies),
    "latency, p99": percentile(latencies, 0.99),
  }
}

const CASES = ["flat out, 1 in flight", "flat out, 10 in flight", "paced"]

/** The goals of one case, against the bare loop and against socket.io. */
function flatOutGoals(median: Medians, of: string): Goal[] {
  const ratio = (metric: string, peer: string): number => median("rookery", of, metric) / median(peer, of, metric)
  const mixed = (metric: string): number => median("rookery", of + MIXED, metric) / median("rookery", of, metric)
  return [
    {
      text: `fan-out ${of}: CPU a delivery against the bare loop`,
      measured: ratio("CPU a delivery", "ws"),
      bound: "at most",
      limit: 1,
    },
    {
      text: `fan-out ${of}: deliveries against the bare loop`,
      measured: ratio("deliveries", "ws"),
      bound: "at least",
      limit: 1,
    },
    {
      text: `fan-out ${of}: deliveries against socket.io`,
      measured: ratio("deliveries", "socket.io"),
      bound: "at least",
      limit: 1.5,
    },
    {
      text: `fan-out ${of}: CPU a delivery, half MessagePack against all JSON`,
      measured: mixed("CPU a delivery"),
      bound: "at most",
      // Two medians of the same work differ by this much on a busy machine.
      limit: 1.1,
    },
  ]
}

export const fanOut: Scenario = {
  name: "fan-out",
  title: "Server: 200 sockets in one topic, one sender",
  subjects: WITH_PARTS,
  caseTitle: "sender",
  cases: [...CASES, ...CASES.map((of) => of + MIXED)],
  metrics: { "CPU a delivery": "ns", deliveries: "a second", latency: "ns", "latency, p99": "ns" },
  launches: 2,
  warmUp: 3,
  rounds: 9,

  async prepare(subject, of): Promise<Round> {
    const mixed = of.endsWith(MIXED)
    // The other servers do not support two serializers in one room.
    if (mixed && !subject.startsWith("rookery")) return () => ({})
    const remote = await Remote.start(subject)
    const room = await Room.open([remote], subject, "room:lobby", SOCKETS, mixed)
    if (of.startsWith("paced")) return () => paced(remote, room)
    const inFlight = of.includes("10") ? 10 : 1
    return () => flatOut(remote, [room], inFlight)
  },

  goals(median) {
    return [
      ...flatOutGoals(median, "flat out, 1 in flight"),
      ...flatOutGoals(median, "flat out, 10 in flight"),
      {
        text: "fan-out paced: median latency against the bare loop",
        measured: median("rookery", "paced", "latency") / median("ws", "paced", "latency"),
        bound: "at most",
        limit: 1.1,
      },
    ]
  },
}
