import * as v from "valibot"
import { describe, expect, expectTypeOf, it } from "vitest"
import { z } from "zod"
import { contract, Endpoint, type ClientTopics, type Schema } from "rookery/server"
import type { StandardSchemaV1 } from "@standard-schema/spec"
import { Gate } from "../support/gate.js"
import { stages } from "../support/stage.js"
import { answer } from "../support/wire-client.js"

const stage = stages()

const byZod = contract({
  "room:*": {
    params: z.object({ name: z.string().default("anon") }),
    joined: z.object({ name: z.string() }),
    receives: { new_msg: z.object({ text: z.string() }) },
    sends: {
      new_msg: { payload: z.object({ text: z.string().min(1), tags: z.array(z.string()).optional() }), ok: z.number() },
      at: { payload: z.object({ at: z.string().transform((at) => new Date(at)) }), ok: z.string() },
      unchecked: { ok: z.unknown() },
    },
  },
})

const byValibot = contract({
  "room:*": {
    params: v.object({ name: v.optional(v.string(), "anon") }),
    joined: v.object({ name: v.string() }),
    receives: { new_msg: v.object({ text: v.string() }) },
    sends: {
      new_msg: {
        payload: v.object({ text: v.pipe(v.string(), v.minLength(1)), tags: v.optional(v.array(v.string())) }),
        ok: v.number(),
      },
      at: {
        payload: v.object({
          at: v.pipe(
            v.string(),
            v.transform((at) => new Date(at)),
          ),
        }),
        ok: v.string(),
      },
      unchecked: { ok: v.unknown() },
    },
  },
})

const CONTRACTS: [string, typeof byZod][] = [
  ["zod", byZod],
  ["valibot", byValibot as unknown as typeof byZod],
]

describe.each(CONTRACTS)("a contract of %s schemas", (_, topics) => {
  const endpointOf = () =>
    stage({ topics }, (endpoint) => {
      endpoint.channel("room:*", {
        join: ({ params }) => ({ name: params.name }),
        receive: {
          new_msg: ({ text }) => text.length,
          at: ({ at }: { at: Date }) => at.toISOString(),
          unchecked: (payload) => payload,
        },
      })
    })

  it("gives handlers what the schema made of a payload", async () => {
    const client = await (await endpointOf()).connect()
    expect(answer(await client.join("room:1"))).toEqual({ status: "ok", response: { name: "anon" } })
    client.send("1", "2", "room:1", "new_msg", { text: "four" })
    client.send("1", "3", "room:1", "at", { at: "2026-01-01" })
    client.send("1", "4", "room:1", "unchecked", [1])
    expect((await client.take(3)).map(answer)).toEqual([
      { status: "ok", response: 4 },
      { status: "ok", response: "2026-01-01T00:00:00.000Z" },
      { status: "ok", response: [1] },
    ])
  })

  it("answers a payload that fails with where it fails, and the channel stays", async () => {
    const client = await (await endpointOf()).connect()
    await client.join("room:1")
    client.send("1", "2", "room:1", "new_msg", { text: "x", tags: ["a", 1] })
    client.send("1", "3", "room:1", "new_msg", null)
    client.send("1", "4", "room:1", "new_msg", { text: "ok" })
    const [path, whole, good] = (await client.take(3)).map(answer)
    expect(path).toEqual({
      status: "error",
      response: { reason: "invalid payload", issues: [{ path: "tags.1", message: expect.any(String) }] },
    })
    expect(whole).toMatchObject({ status: "error", response: { issues: [{ path: "" }] } })
    expect(good).toMatchObject({ status: "ok" })
  })

  it("refuses a join whose params fail", async () => {
    const client = await (await endpointOf()).connect()
    expect(answer(await client.join("room:1", { name: 5 }))).toEqual({
      status: "error",
      response: { reason: "invalid params", issues: [{ path: "name", message: expect.any(String) }] },
    })
  })
})

describe("a schema that takes its time", () => {
  it("is waited for, and the pushes behind it wait too", async () => {
    const slow = z.object({ n: z.number() }).refine(async ({ n }) => n > 0)
    const topics = contract({ "room:*": { sends: { add: { payload: slow } } } })
    const { connect } = await stage({ topics }, (endpoint) =>
      endpoint.channel("room:*", { receive: { add: ({ n }: { n: number }) => n } }),
    )
    const client = await connect()
    await client.join("room:1")
    for (const [ref, n] of [
      ["2", 1],
      ["3", -1],
      ["4", 2],
    ] as const)
      client.send("1", ref, "room:1", "add", { n })
    expect((await client.take(3)).map((frame) => (answer(frame) as { status: string }).status)).toEqual([
      "ok",
      "error",
      "ok",
    ])
  })

  it("calls no handler of a channel that has ended meanwhile", async () => {
    const gate = new Gate()
    const slow = z.object({ n: z.number() }).refine(() => gate.wait().then(() => true))
    const topics = contract({ "room:*": { sends: { add: { payload: slow } } } })
    const added: number[] = []
    const { connect } = await stage({ topics }, (endpoint) =>
      endpoint.channel("room:*", { receive: { add: ({ n }: { n: number }) => void added.push(n) } }),
    )
    const client = await connect()
    await client.join("room:1")
    client.send("1", "2", "room:1", "add", { n: 1 })
    await gate.begun
    client.send("3", "3", "room:1", "phx_join", {})
    await client.take(2)
    gate.open()
    client.send("3", "4", "room:1", "add", { n: 2 })
    expect(answer(await client.next())).toMatchObject({ status: "ok" })
    expect(added).toEqual([2])
  })

  it("asks no join of a client that has gone meanwhile", async () => {
    const gate = new Gate()
    const slow = z.object({ name: z.string() }).refine(() => gate.wait().then(() => true))
    const topics = contract({ "room:*": { params: slow } })
    const asked: string[] = []
    const { connect, endpoint } = await stage({ topics }, (endpoint) =>
      endpoint.channel("room:*", { join: ({ params }) => void asked.push(params.name) }),
    )
    const gone = new Promise((resolve) => endpoint.on("socketClosed", resolve))
    const client = await connect()
    client.send("1", "1", "room:1", "phx_join", { name: "ada" })
    await gate.begun
    await client.close()
    await gone
    gate.open()
    await (await connect()).join("room:1", { name: "bob" })
    expect(asked).toEqual(["bob"])
  })
})

describe("the types of a contract", () => {
  it("are those of the schemas, and of the end that uses them", () => {
    type Client = ClientTopics<typeof schemas>
    const schemas = {
      "room:*": { sends: { at: { payload: z.object({ at: z.string().transform((at) => new Date(at)) }) } } },
    }
    expectTypeOf<Client["room:*"]["sends"]["at"]["payload"]>().toEqualTypeOf<{ at: string }>()
    const endpoint = new Endpoint({ topics: byZod, logger: false })
    expect(endpoint.counters().rookery_sockets).toBe(0)
    endpoint.channel("room:*", {
      join({ params, topic }) {
        expectTypeOf(params).toEqualTypeOf<{ name: string }>()
        expectTypeOf(topic).toEqualTypeOf<`room:${string}`>()
        return params
      },
      receive: {
        new_msg({ text }, room) {
          expectTypeOf(text).toBeString()
          room.broadcast("new_msg", { text })
          // @ts-expect-error no such event
          room.broadcast("other", { text })
          return text.length
        },
        at({ at }) {
          expectTypeOf(at).toEqualTypeOf<Date>()
          return at.toISOString()
        },
      },
    })
  })

  it("promise a client what is on the wire, and not what a schema would make of it", async () => {
    const at = z.object({ at: z.string().transform((text) => new Date(text)) })
    const schemas = {
      "room:*": {
        joined: at,
        refused: at,
        presence: at,
        receives: { tick: at },
        sends: { ask: { payload: at, ok: at, error: at } },
      },
    }
    type Room = ClientTopics<typeof schemas>["room:*"]
    type OnTheWire = { at: string }
    expectTypeOf<Room>().toEqualTypeOf<{
      joined: OnTheWire
      refused: OnTheWire
      presence: OnTheWire
      receives: { tick: OnTheWire }
      sends: { ask: { payload: OnTheWire; ok: OnTheWire; error: OnTheWire } }
    }>()
    const { connect } = await stage({ topics: contract(schemas) }, (endpoint) =>
      endpoint.channel("room:*", {
        join: () => ({ at: "2026-01-01" }),
        joined: (room) => {
          room.push("tick", { at: "2026-01-02" })
        },
      }),
    )
    const client = await connect()
    expect(answer(await client.join("room:1"))).toEqual({ status: "ok", response: { at: "2026-01-01" } })
    expect((await client.take(1)).map((frame) => frame[4])).toEqual([{ at: "2026-01-02" }])
  })

  it("can be told without schemas, with the assigns of connect", () => {
    interface Topics {
      "room:*": { sends: { ask: { payload: { n: number }; ok: { id: string } } }; presence: { name: string } }
    }
    const endpoint = new Endpoint({
      topics: contract<Topics>(),
      logger: false,
      connect: () => ({ assigns: { user: "ada" } }),
    })
    endpoint.channel("room:*", {
      joined(room) {
        room.track(room.assigns.user, { name: "Ada" })
        // @ts-expect-error a meta has a name
        room.track(room.assigns.user, {})
        expectTypeOf(room.assigns).toEqualTypeOf<{ user: string }>()
      },
      receive: { ask: ({ n }) => ({ id: String(n) }) },
    })
    // @ts-expect-error no such pattern
    endpoint.channel("other:*", {})
    // @ts-expect-error an ok has an id
    endpoint.channel("room:*", { receive: { ask: () => ({ no: 1 }) } })
    expect(endpoint.counters().rookery_sockets).toBe(0)
  })

  it("refuse what a schema refuses by a promise of another library", async () => {
    const result = { issues: [{ message: "too small" }] }
    const foreign = { then: (done: (value: typeof result) => void) => void queueMicrotask(() => done(result)) }
    const payload: Schema<object> = {
      "~standard": { version: 1, vendor: "test", validate: () => foreign as unknown as Promise<typeof result> },
    }
    const handled: unknown[] = []
    const topics = contract({ "room:*": { sends: { save: { payload } } } })
    const { connect } = await stage({ topics }, (endpoint) =>
      endpoint.channel("room:*", { receive: { save: (saved) => void handled.push(saved) } }),
    )
    const client = await connect()
    await client.join("room:1")
    const issues = [{ path: "", message: "too small" }]
    client.send("1", "9", "room:1", "save", {})
    expect(answer(await client.next())).toEqual({
      status: "error",
      response: { reason: "invalid payload", issues },
    })
    expect(handled).toEqual([])
  })

  it("take every schema of the standard", () => {
    expectTypeOf<StandardSchemaV1<string, number>>().toExtend<Schema<string, number>>()
    expectTypeOf<z.ZodString>().toExtend<Schema<string, string>>()
    expect(() => contract({ a: { params: z.string() }, b: { params: v.string() } })).not.toThrow()
  })
})
