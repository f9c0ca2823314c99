import { describe, expect, expectTypeOf, it } from "vitest"
import { z } from "zod"
import { contract, Endpoint } from "rookery/server"
import { ChannelTest } from "rookery/testing"
import { makeApp } from "./app.js"

describe("the types of a test", () => {
  it("are those of the endpoint's contract", async () => {
    await using test = new ChannelTest(makeApp())
    const room = await (await test.connect()).join("room:1", { name: "Ada" })
    expectTypeOf(room.response).toEqualTypeOf<{ members: number }>()
    const push = room.push("new_msg", { text: "hi" })
    expectTypeOf(await push.expectReply("ok", { id: Number })).toEqualTypeOf<{ id: number; text: string }>()
    expectTypeOf(await room.expectPush("new_msg", { text: (text) => text.length > 1 })).toEqualTypeOf<{
      from: string
      text: string
    }>()
    const broadcast = test.expectBroadcast("room:1", "new_msg", { from: "nobody" })
    expectTypeOf(await broadcast).toEqualTypeOf<{ from: string; text: string }>()
    expect(room.response).toEqual({ members: 3 })
  })

  it("turn away what the contract does not know", () => {
    const test = new ChannelTest(makeApp())
    const misuse = async (): Promise<void> => {
      const client = await test.connect()
      // @ts-expect-error params are missing
      const room = await client.join("room:1")
      // @ts-expect-error there is no such topic
      await client.join("hall:1")
      // @ts-expect-error there is no such event
      room.push("nonsense", {})
      // @ts-expect-error the payload is another
      const push = room.push("new_msg", { txt: "hi" })
      // @ts-expect-error the response has no such part
      await push.expectReply("ok", { ref: 1 })
      // @ts-expect-error the text is none
      await room.expectPush("new_msg", { text: 1 })
      // @ts-expect-error there is no such broadcast
      await test.expectBroadcast("room:1", "nonsense")
    }
    expect(misuse).toBeTypeOf("function")
  })

  it("are the client's where a contract of schemas makes them others than the server's", async () => {
    const topics = contract({
      "room:*": {
        params: z.object({ age: z.string().transform(Number) }),
        joined: z.object({ age: z.number() }),
        sends: { at: { payload: z.object({ at: z.string().transform((at) => new Date(at)) }), ok: z.number() } },
      },
    })
    const endpoint = new Endpoint({ topics, logger: false })
    endpoint.channel("room:*", {
      join: ({ params }) => ({ age: params.age }),
      receive: { at: ({ at }) => at.getTime() },
    })
    await using test = new ChannelTest(endpoint, { topics })
    const client = await test.connect()
    const room = await client.join("room:1", { age: "36" })
    expect(room.response).toEqual({ age: 36 })
    expect(await room.push("at", { at: "1970-01-01T00:00:01Z" })).toBe(1000)
    // @ts-expect-error what a schema does not take is refused
    const refused: unknown = await client.refuteJoin("room:2", { age: 36 })
    expect(refused).toMatchObject({ reason: expect.any(String) })
  })

  it("are loose where there is no contract", async () => {
    const endpoint = new Endpoint({ logger: false })
    endpoint.channel("room:*", { receive: { shout: (payload, room) => room.broadcast("shout", payload) } })
    await using test = new ChannelTest(endpoint)
    const room = await (await test.connect()).join("room:1")
    room.push("shout", { text: "hi" })
    expect(await room.expectBroadcast("shout", { text: "hi" })).toEqual({ text: "hi" })
    const unnamed = await (await test.connect()).join("room:1", { any: "thing" })
    await unnamed.leave()
  })
})
