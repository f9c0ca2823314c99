import { describe, expect, it } from "vitest"
import { Keys, ShardKeys } from "../../lib/redis/keys.js"
import { unavailable } from "../../lib/redis/redis-link.js"
import { readSlots, redirectOf, slotOf } from "../../lib/redis/slots.js"

describe("a slot of a Redis Cluster", () => {
  it("is that of the whole key, or of what is in its first braces", () => {
    // Answers of CLUSTER KEYSLOT.
    expect(["123456789", "foo", "user1000"].map(slotOf)).toEqual([12_739, 12_182, 3443])
    expect(["{user1000}.following", "a{user1000}", "{user1000"].map(slotOf)).toEqual([3443, 3443, 8723])
    expect(slotOf("foo{{bar}}zap")).toBe(slotOf("{bar"))
    // Empty braces count for nothing, whatever follows.
    expect(slotOf("foo{}{bar}")).toBe(8363)
  })

  it("is the same for all names of a topic, whatever the topic is called", () => {
    const keys = new ShardKeys("rookery")
    for (const topic of ["room:1", "", "}", "{", "{}", "a}b", "a{b}c", "}}", "größe", "😀"]) {
      const names = [
        keys.numbering(topic),
        keys.stream(topic),
        keys.once(topic, "n"),
        keys.presences(topic),
        keys.channel(topic),
      ]
      expect(new Set(names).size).toBe(names.length)
      expect(new Set(names.map(slotOf)).size).toBe(1)
      expect(keys.topicOf(keys.channel(topic))).toBe(topic)
    }
  })

  it("is read with its master's address", () => {
    const owners = readSlots([
      [0, 1, [Buffer.from("10.0.0.1"), 6379, Buffer.from("id")], [Buffer.from("10.0.0.9"), 6379, Buffer.from("id")]],
      [3, 3, [Buffer.from("::1"), 6380, Buffer.from("id")]],
    ])
    expect([owners[0], owners[1], owners[2], owners[3]]).toEqual([
      "10.0.0.1:6379",
      "10.0.0.1:6379",
      undefined,
      "::1:6380",
    ])
  })
})

describe("the error of a command", () => {
  it("says where a slot is, or that it is on its way", () => {
    const of = (text: string): unknown => redirectOf(unavailable(new Error(text)))
    expect(of("MOVED 3999 127.0.0.1:6381")).toEqual({ kind: "moved", slot: 3999, address: "127.0.0.1:6381" })
    expect(of("ASK 3999 127.0.0.1:6381")).toEqual({ kind: "moving" })
    expect(of("TRYAGAIN Multiple keys request during rehashing of slot")).toEqual({ kind: "moving" })
    expect(of("CLUSTERDOWN Hash slot not served")).toBeUndefined()
    expect(redirectOf(undefined)).toBeUndefined()
  })
})

it("one Redis has the names that nodes of earlier versions use", () => {
  const keys = new Keys("app")
  expect([keys.channel("room:1"), keys.numbering("room:1"), keys.stream("room:1")]).toEqual([
    "app:t:room:1",
    "app:{room:1}:n",
    "app:{room:1}:s",
  ])
  expect([keys.once("room:1", "n"), keys.presences("room:1")]).toEqual(["app:{room:1}:o:n", "app:{room:1}:p"])
  expect([keys.claim("k"), keys.nodes, keys.nodeTopics("n"), keys.commands]).toEqual([
    "app:c:k",
    "app:nodes",
    "app:node:n",
    "app:commands",
  ])
})
