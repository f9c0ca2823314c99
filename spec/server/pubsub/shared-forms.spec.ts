import { describe, expect, it } from "vitest"
import { json } from "../../../lib/serializer/json.js"
import { Broadcast, type EncodedBroadcast } from "../../../lib/server/pubsub/broadcast.js"
import { MemoryCluster, MemoryHub } from "../../../lib/server/pubsub/memory-cluster.js"
import { PubSub } from "../../../lib/server/pubsub/pubsub.js"
import type { Telemetry } from "../../../lib/server/telemetry/telemetry.js"
import { FakeClock } from "../../support/fake-clock.js"

const HISTORY = { size: 10, ttl: 60_000 }

function alone(): { clock: FakeClock; cluster: MemoryCluster; pubsub: PubSub } {
  const clock = new FakeClock()
  const cluster = new MemoryCluster(new MemoryHub(clock))
  const telemetry = { counters: { rookery_broadcasts_total: 0 }, emit: () => {} } as unknown as Telemetry
  const historyOf = (): typeof HISTORY => HISTORY
  const options = { cluster, clock, telemetry, heldHistoryBytes: Infinity, historyOf, left: () => {} }
  const pubsub = new PubSub({ ...options, alone: true })
  return { clock, cluster, pubsub }
}

describe("the frames of messages in a history", () => {
  it("are shared by clients that return at about the same time, and are not kept", () => {
    const { clock, cluster, pubsub } = alone()
    for (let n = 0; n < 3; n++) cluster.append("room:1", new Broadcast("room:1", "shout", { n }), HISTORY)
    const { epoch } = cluster.history("room:1", HISTORY, undefined, 1)
    const serializer = json()
    const frames = (): unknown[] => {
      const missed = pubsub.missed("room:1", HISTORY, { epoch, offset: 0 })
      return missed?.broadcasts.map((broadcast) => broadcast.encoded(serializer)) ?? []
    }
    const first = frames()
    const isFirst = (): boolean[] => frames().map((frame, at) => frame === first[at])
    clock.sleep(1000)
    expect(isFirst()).toEqual([true, true, true])
    clock.sleep(1000)
    expect(isFirst()).toEqual([false, false, false])
  })

  it("are not kept behind the clients that got them when they were published", () => {
    const { clock, pubsub } = alone()
    const serializer = json()
    const seen: EncodedBroadcast[] = []
    pubsub.subscribe("room:1", { deliver: (broadcast) => void seen.push(broadcast.encoded(serializer)) })
    const body = new Broadcast("room:1", "shout", {})
    pubsub.publishNumbered("room:1", "epoch", { offset: 1, body })
    expect(seen).toEqual([body.encoded(serializer)])
    clock.sleep(2000)
    expect(body.encoded(serializer)).not.toBe(seen[0])
  })
})
