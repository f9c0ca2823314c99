import { expect, it } from "vitest"
import { Broadcast } from "../../../lib/server/pubsub/broadcast.js"
import { RecentMessages } from "../../../lib/server/pubsub/recent-messages.js"

const numbered = (offset: number) => ({ offset, broadcast: new Broadcast("room:1", "told", { offset }) })

it("never leaves out the newest messages of what a client missed, when the older ones were read later", () => {
  const recent = new RecentMessages({ size: 10, ttl: 1000 })
  recent.add("e", 3, numbered(3).broadcast, 0)
  recent.seed({ epoch: "e", offset: 3 }, [1, 2, 3].map(numbered), 500)
  const missed = (now: number) => {
    const { recovered, broadcasts } = recent.since({ epoch: "e", offset: 0 }, now)
    return { recovered, payloads: broadcasts.map(({ payload }) => payload) }
  }
  expect(missed(900)).toEqual({ recovered: true, payloads: [{ offset: 1 }, { offset: 2 }, { offset: 3 }] })
  expect(missed(1200)).toEqual({ recovered: false, payloads: [] })
})
