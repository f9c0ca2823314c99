import { setTimeout as sleep } from "node:timers/promises"
import { WebSocket } from "ws"
import { webSocket, type WebSocketClass } from "rookery"
import { FaultyProxy, seeded } from "../../spec/support/faulty-proxy.js"
import { LogFlow } from "../../spec/support/log-flow.js"
import { HAS_REDIS, HAS_REDIS_CLUSTER } from "../../spec/support/redis-server.js"
import type { Row, Soak } from "./soak.js"
import { engines } from "./storm/engines.js"
import type { Fault, Random } from "./storm/faults.js"
import { startNodes, startWorkerNodes } from "./storm/nodes.js"

const CLIENTS = 60
const TOPICS = 6
/** How long a client waits after each of its messages. */
const PAUSE_MS = 100
/** How often a connection is harmed. */
const HARM_MS = 200

const rowOf = (tried: string, times: number, seen = ""): Row => ({ tried, times, lost: 0, gotIn: 0, seen })

/** The faults in random order, each as often as the others. */
function* rounds(faults: readonly Fault[], random: Random): Generator<Fault> {
  for (;;) {
    const rest = [...faults]
    while (rest.length > 0) yield rest.splice(random(rest.length), 1)[0] as Fault
  }
}

/** Nodes, their clients and their engine in a storm. A message that is lost, comes twice or in another order is a failure. */
export const storm: Soak = {
  name: "storm",
  title: "numbered messages to clients that recover, while lines, nodes and the engine fail",
  async run({ seed, count = 20_000, over = "redis" }) {
    const start = engines[over]
    if (start === undefined) throw new Error(`no engine ${over}; there are ${Object.keys(engines).join(", ")}`)
    if (!HAS_REDIS) return [rowOf("nothing: there is no redis-server", 0)]
    if (over === "cluster" && !HAS_REDIS_CLUSTER) return [rowOf("nothing: this redis-server is older than 7", 0)]
    const random = seeded(seed)
    const topics = Array.from({ length: TOPICS }, (_, i) => `log:${i}`)
    await using engine = await start(random, topics)
    await using proxy = await FaultyProxy.before([], random)
    const moved = (ports: number[]): void => void (proxy.targets = ports)
    await using nodes =
      over === "workers"
        ? await startWorkerNodes(engine.options, random)
        : await startNodes(engine.options, random, moved)
    moved(nodes.ports)

    const flow = new LogFlow(PAUSE_MS, {
      transport: webSocket({ WebSocket: WebSocket as unknown as WebSocketClass }),
    })
    const times = new Map<string, number>()
    try {
      await Promise.all(Array.from({ length: CLIENTS }, (_, i) => flow.join(topics[i % TOPICS] as string, proxy.port)))
      flow.begin()
      proxy.storm(HARM_MS)
      const faults = [...nodes.faults, ...engine.faults]
      for (const fault of rounds(faults, random)) {
        if (flow.count >= count && times.size === faults.length) break
        // Without messages the count is never reached.
        await Promise.race([fault.run(), flow.failure])
        times.set(fault.name, (times.get(fault.name) ?? 0) + 1)
        await Promise.race([sleep(500 + random(1000)), flow.failure])
      }
      proxy.calm()
      const { lost, twice, disordered } = await flow.end()
      const { recovered, notRecovered, messages, pushedAgain } = flow.seen
      const { cuts, stalls, halfOpen } = proxy.faults
      return [
        ...[...times].map(([name, count]) => rowOf(name, count)),
        rowOf("a line cut", cuts),
        rowOf("a line stalled", stalls),
        rowOf("a line half-open", halfOpen),
        // A client that is told so counts as missing nothing, whatever is lost. No fault here loses what a node confirmed.
        {
          ...rowOf("a client back", recovered + notRecovered, `${notRecovered} told that messages may be missing`),
          lost: notRecovered,
        },
        {
          ...rowOf("messages", flow.count, `${messages} deliveries, ${pushedAgain} pushes made anew`),
          lost,
          gotIn: twice + disordered,
        },
      ]
    } finally {
      flow.destroy()
    }
  },
}
