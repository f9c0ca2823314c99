import {
  Socket,
  type Channel,
  type Contract,
  type ParamsArgument,
  type ParamsOf,
  type SpecOf,
  type TopicOf,
} from "rookery"
import { describe, expectTypeOf, it } from "vitest"
import type { Topics } from "./topics.js"

declare const socket: Socket<Topics>
declare const id: string

describe("a topic", () => {
  it("is taken by its pattern", () => {
    const room = socket.channel("room:1", { name: "Ada" })
    expectTypeOf(room).toEqualTypeOf<Channel<Topics["room:*"]>>()
  })

  it("is taken by its own name before a pattern", () => {
    const lobby = socket.channel("room:lobby", { invite: "a" })
    expectTypeOf(lobby).toEqualTypeOf<Channel<Topics["room:lobby"]>>()
    // @ts-expect-error these are the params of room:*
    socket.channel("room:lobby", { name: "Ada" })
  })

  it("is taken by the most specific of several patterns", () => {
    const secret = socket.channel("room:private:1", { key: 1 })
    expectTypeOf(secret).toEqualTypeOf<Channel<Topics["room:private:*"]>>()
    // @ts-expect-error these are the params of room:*
    socket.channel("room:private:1", { name: "Ada" })
  })

  it("may be made with a template", () => {
    expectTypeOf(socket.channel(`room:${id}`, { name: "Ada" })).toEqualTypeOf<Channel<Topics["room:*"]>>()
    expectTypeOf(socket.channel(`room:private:${id}`, { key: 1 })).toEqualTypeOf<Channel<Topics["room:private:*"]>>()
    const topic = `room:${id}` as const
    expectTypeOf(socket.channel(topic, { name: "Ada" })).toEqualTypeOf<Channel<Topics["room:*"]>>()
    // @ts-expect-error these are the params of room:*
    socket.channel(`room:private:${id}`, { name: "Ada" })
  })

  it("must be in the contract", () => {
    // @ts-expect-error nothing takes this topic
    socket.channel("rom:1", { name: "Ada" })
    // @ts-expect-error the pattern wants a colon
    socket.channel("room", { name: "Ada" })
    // @ts-expect-error only news itself is there
    socket.channel("news:today")
    // @ts-expect-error who knows what this is
    socket.channel(id, { name: "Ada" })
    // @ts-expect-error nothing takes this topic
    void socket.join("rom:1", { name: "Ada" })
    // @ts-expect-error nothing takes this topic
    socket.subscribe("rom:1", {}, { name: "Ada" })
  })

  it("a topic that is one of several has the contracts of all of them", () => {
    const topic = "room:1" as "room:1" | "room:lobby" | "news"
    expectTypeOf<SpecOf<Topics, typeof topic>>().toEqualTypeOf<
      Topics["room:*"] | Topics["room:lobby"] | Topics["news"]
    >()
  })

  it("may be anything where the contract has *", () => {
    const all = new Socket<{ "*": { receives: { anything: number } }; news: { receives: { headline: string } } }>(
      "/socket",
    )
    expectTypeOf(all.channel(id).messages("anything")).toEqualTypeOf<AsyncIterableIterator<number>>()
    expectTypeOf(all.channel("news").messages("headline")).toEqualTypeOf<AsyncIterableIterator<string>>()
  })
})

describe("the params of a join", () => {
  it("are those of the contract", () => {
    socket.channel("room:1", { name: "Ada" })
    // @ts-expect-error no such param
    socket.channel("room:1", { nam: "Ada" })
    // @ts-expect-error a name is a string
    socket.channel("room:1", { name: 1 })
    // @ts-expect-error one too many
    socket.channel("room:1", { name: "Ada", age: 36 })
    // @ts-expect-error none at all
    socket.channel("room:1")
    // @ts-expect-error none at all
    void socket.join("room:1")
    // @ts-expect-error none at all
    socket.subscribe("room:1", {})
  })

  it("may be left out where the contract asks for none, or for none that must be there", () => {
    socket.channel("news")
    void socket.join("news")
    void socket.join("news", undefined, { timeout: 5 })
    socket.subscribe("news", {})
    socket.channel("feed:1")
    socket.channel("feed:1", { since: 1 })
    // @ts-expect-error news takes no params
    socket.channel("news", { since: 1 })
    // @ts-expect-error since is a number
    socket.channel("feed:1", { since: "1" })
  })

  it("may be a function, which may be async", () => {
    socket.channel("room:1", () => ({ name: "Ada" }))
    socket.channel("room:1", async () => ({ name: "Ada" }))
    void socket.join("room:1", async () => ({ name: "Ada" }))
    socket.subscribe("room:1", {}, () => ({ name: "Ada" }))
    // @ts-expect-error a name is a string, even though every function has a name
    socket.channel("room:1", () => ({ name: 1 }))
    // @ts-expect-error a name is a string
    socket.channel("room:1", async () => ({ name: 1 }))
    // @ts-expect-error the params are missing
    socket.channel("room:1", () => {})
  })
})

interface RoomReceives {
  new_msg: { text: string }
}
interface RoomSends {
  new_msg: { payload: { text: string }; ok: { id: string } }
}
interface Room {
  params: { name: string }
  receives: RoomReceives
  sends: RoomSends
}
interface Interfaces {
  "room:*": Room
}

describe("a contract", () => {
  it("may be made of interfaces", () => {
    const room = new Socket<Interfaces>("/socket").channel("room:1", { name: "Ada" })
    room.on("new_msg", ({ text }) => expectTypeOf(text).toBeString())
    expectTypeOf(room.push("new_msg", { text: "hi" }).then()).resolves.toEqualTypeOf<{ id: string }>()
    // @ts-expect-error no such event
    room.push("new_message", { text: "hi" })
  })

  it("may leave everything open", () => {
    const open = new Socket<{ "room:*": Record<never, never> }>("/socket").channel("room:1")
    expectTypeOf(open.join().then()).resolves.toBeUnknown()
    // @ts-expect-error nothing was declared that could be pushed
    open.push("new_msg", {})
  })

  it("may leave a topic unchecked", () => {
    // oxlint-disable-next-line no-explicit-any
    const loose = new Socket<{ "room:*": any }>("/socket").channel("room:1", { name: "Ada" })
    loose.on("new_msg", ({ text }) => expectTypeOf(text).toBeAny())
    loose.push("new_msg", { text: "hi" }).receive("ok", ({ id }) => expectTypeOf(id).toBeAny())
  })

  it("takes no slip of the pen for a part", () => {
    // @ts-expect-error it is called params
    expectTypeOf<Socket<{ "room:*": { param: { name: string } } }>>().toBeObject()
    // @ts-expect-error it is called receives
    expectTypeOf<Socket<{ "room:*": { params: { name: string }; recieves: { new_msg: string } } }>>().toBeObject()
    // @ts-expect-error a payload is declared as payload
    expectTypeOf<Socket<{ "room:*": { sends: { new_msg: { text: string } } } }>>().toBeObject()
    // @ts-expect-error it is called ok
    expectTypeOf<Socket<{ "room:*": { sends: { new_msg: { payload: string; okay: string } } } }>>().toBeObject()
    // @ts-expect-error events are declared by name
    expectTypeOf<Socket<{ "room:*": { receives: "new_msg" } }>>().toBeObject()
  })

  it("serves functions that take any of its kind", () => {
    function enter<T extends Contract<T>, Topic extends TopicOf<T>>(
      any: Socket<T>,
      topic: Topic,
      ...params: ParamsArgument<ParamsOf<SpecOf<T, Topic>>>
    ): Channel<SpecOf<T, Topic>> {
      return any.channel(topic, ...params)
    }
    expectTypeOf(enter(socket, "room:1", { name: "Ada" })).toEqualTypeOf<Channel<Topics["room:*"]>>()
    enter(socket, "news")
    // @ts-expect-error a name is a string
    enter(socket, "room:1", { name: 1 })
  })
})
