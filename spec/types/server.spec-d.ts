import type { PresenceState } from "rookery"
import { contract, Endpoint, noReply, Refused, reply } from "rookery/server"
import { describe, expectTypeOf, it } from "vitest"
import type { Topics } from "./topics.js"

const endpoint = new Endpoint({
  topics: contract<Topics>(),
  connect: () => ({ id: "user:ada", assigns: { user: "ada" } }),
})
const untyped = new Endpoint()
declare const topic: string
declare const id: string

describe("an endpoint with a contract", () => {
  it("knows the payloads of the contract, and the assigns that connect() gives", () => {
    endpoint.channel("room:*", {
      receive: {
        new_msg: ({ text }, room) => {
          expectTypeOf(text).toBeString()
          expectTypeOf(room.assigns).toEqualTypeOf<{ user: string }>()
          return { id: text }
        },
      },
    })
  })

  it("gives a listener of a topic the payload of each event", () => {
    const stop = endpoint.subscribe("room:1", (event, payload) => {
      expectTypeOf(event).toEqualTypeOf<"new_msg" | "typing" | "presence_state" | "presence_diff">()
      if (event === "new_msg") expectTypeOf(payload).toEqualTypeOf<{ from: string; text: string }>()
      if (event === "typing") expectTypeOf(payload).toEqualTypeOf<{ who: string }>()
      // @ts-expect-error not every event has a text
      expectTypeOf(payload.text).toBeString()
      // @ts-expect-error no such event
      if (event === "nwe_msg") stop()
    })
    expectTypeOf(stop).toEqualTypeOf<() => void>()
    endpoint.subscribe("room:lobby", (_event, payload) => expectTypeOf(payload).toBeString())
    endpoint.subscribe(`room:${id}`, () => {})
    // @ts-expect-error the payload is another
    endpoint.subscribe("news", (_event, payload: { text: string }) => payload)
  })

  it("has presences of the contract's metas", async () => {
    type Meta = Topics["room:*"]["presence"]
    expectTypeOf(endpoint.presences("room:1")).toEqualTypeOf<PresenceState<Meta>>()
    expectTypeOf(await endpoint.allPresences(`room:${id}`)).toEqualTypeOf<PresenceState<Meta>>()
    // @ts-expect-error no such key
    expectTypeOf(endpoint.presences("room:1")["ada"]?.metas[0]?.nickname).not.toBeAny()
  })

  it("takes no topic that the contract does not know", () => {
    void endpoint.count()
    void endpoint.count("room:1")
    void endpoint.kick("room:1", "user:ada")
    // @ts-expect-error nothing takes this topic
    endpoint.subscribe("rom:1", () => {})
    // @ts-expect-error nothing takes this topic
    endpoint.presences("rom:1")
    // @ts-expect-error nothing takes this topic
    void endpoint.allPresences("rom:1")
    // @ts-expect-error nothing takes this topic
    void endpoint.count("rom:1")
    // @ts-expect-error nothing takes this topic
    void endpoint.kick("rom:1", "user:ada")
    // @ts-expect-error who knows what this is
    void endpoint.count(topic)
  })
})

describe("a handler", () => {
  type Answers = {
    "room:*": {
      joined: { members: string[] }
      sends: {
        add: { payload: { n: number }; ok: { id: number } }
        list: { ok: string[] }
        empty: { ok: {} }
        optional: { ok: { id?: number } }
        undeclared: { payload: { n: number } }
        unknown: { ok: unknown }
        never_answered: { ok: never }
      }
    }
    "open:*": { receives: { news: string } }
    "empty:*": { joined: { since?: number } }
  }
  const answering = new Endpoint({ topics: contract<Answers>() })
  const chance: boolean = Math.random() < 0.5

  it("must answer what the contract promises", () => {
    answering.channel("room:*", {
      join: () => ({ members: ["ada"] }),
      receive: {
        add: ({ n }) => ({ id: n }),
        list: () => ["ada"],
      },
    })
    answering.channel("room:*", { join: async () => ({ members: [] }), receive: { add: async () => ({ id: 1 }) } })
    // @ts-expect-error the members are forgotten
    answering.channel("room:*", { join: () => {} })
    // @ts-expect-error the members are forgotten
    answering.channel("room:*", { join: async () => {} })
    // @ts-expect-error the members are forgotten
    answering.channel("room:*", { join: () => ({}) })
    // @ts-expect-error the id is forgotten
    answering.channel("room:*", { receive: { add: () => {} } })
    // @ts-expect-error the id is forgotten
    answering.channel("room:*", { receive: { add: async () => {} } })
    // @ts-expect-error the id is forgotten for once
    answering.channel("room:*", { receive: { add: ({ n }) => (chance ? { id: n } : undefined) } })
    // @ts-expect-error to stop is no response
    answering.channel("room:*", { receive: { add: (_payload, room) => room.stop() } })
    // @ts-expect-error the id is a number
    answering.channel("room:*", { receive: { add: () => ({ id: "1" }) } })
  })

  it("may throw instead, reply with another status, or not reply", () => {
    answering.channel("room:*", {
      join() {
        throw new Refused({ reason: "full" })
      },
      receive: {
        add: (_payload, room) => (chance ? reply("error", { reason: "full" }) : room.noReply),
        list: () => noReply,
        never_answered: (_payload, room) => room.noReply,
        empty: () => {
          throw new Refused({ reason: "full" })
        },
      },
    })
  })

  it("may return nothing where nothing was promised, or nothing that must be there", () => {
    answering.channel("room:*", {
      receive: { empty: () => {}, optional: async () => {}, undeclared: () => {}, unknown: async () => undefined },
    })
    answering.channel("room:*", {
      receive: { optional: () => ({ id: 1 }), undeclared: (_payload, room) => room.stop() },
    })
    answering.channel("open:*", { join: () => {} })
    answering.channel("open:*", { join: async () => ({ any: "thing" }) })
    answering.channel("empty:*", { join: () => {} })
    answering.channel("empty:*", { join: async () => ({ since: 1 }) })
  })

  it("may return anything where there is no contract", () => {
    untyped.channel("room:*", {
      join: () => {},
      receive: {
        nothing: () => {},
        later: async () => {},
        some: () => ({ id: 1 }),
        none: (_payload, room) => room.noReply,
      },
    })
    untyped.channel("room:*", { join: async ({ params }) => (params.name ? { members: [] } : undefined) })
  })
})

describe("an endpoint without a contract", () => {
  it("takes any topic, with anything in it", async () => {
    untyped.subscribe(topic, (event, payload) => {
      expectTypeOf(event).toBeString()
      expectTypeOf(payload).toBeAny()
    })
    untyped.subscribe("room:1", (event: string, payload: { text: string }) => [event, payload])
    expectTypeOf(untyped.presences(topic)["ada"]?.metas[0]).toBeAny()
    expectTypeOf((await untyped.allPresences(topic))["ada"]?.metas[0]).toBeAny()
    void untyped.count(topic)
    void untyped.kick(topic, id)
  })
})

describe("a topic that the contract leaves unchecked", () => {
  it("has any event and any presence", () => {
    // oxlint-disable-next-line no-explicit-any
    const open = new Endpoint({ topics: contract<{ "room:*": any }>() })
    open.subscribe("room:1", (event, payload) => {
      expectTypeOf(event).toBeString()
      expectTypeOf(payload).toBeAny()
    })
    expectTypeOf(open.presences("room:1")["ada"]?.metas[0]).toBeAny()
  })
})
