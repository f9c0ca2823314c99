import { Channel, Presence, type Socket, type Push, type Ref, type Subscription } from "rookery"
import { describe, expectTypeOf, it } from "vitest"
import type { Topics } from "./topics.js"

declare const socket: Socket
declare const topic: string
declare const event: string

describe("a socket without a contract", () => {
  const room = socket.channel(topic, { anything: 1 })

  it("takes any topic and any params", () => {
    expectTypeOf(room).toEqualTypeOf<Channel>()
    socket.channel("room:1")
    socket.channel("room:1", undefined)
    socket.channel("room:1", () => ({ name: "Ada" }))
    socket.channel("room:1", async () => ({ name: "Ada" }))
    expectTypeOf(socket.join(topic, { name: "Ada" })).resolves.toEqualTypeOf<Channel>()
    expectTypeOf(socket.subscribe(topic, { [event]: () => {} })).toEqualTypeOf<Subscription>()
  })

  it("takes any event, with a payload that can be anything", async () => {
    room.on("new_msg", (payload) => expectTypeOf(payload).toBeAny())
    room.on(event, ({ text }: { text: string }) => text)
    room.on("new_msg", async ({ body: { text } }, ref) => [text, ref])
    room.off("new_msg")
    room.listen(event, (payload) => expectTypeOf(payload).toBeAny())
    for await (const message of room.messages("new_msg")) expectTypeOf(message).toBeAny()
    socket.subscribe("room:1", { new_msg: ({ text }) => text, phx_error: () => {} })
    socket.onMessage(({ payload }) => expectTypeOf(payload).toBeAny())
  })

  it("pushes anything", async () => {
    room.push("new_msg", { text: "hi" }, 5000)
    room.push("new_msg")
    room.push(event, new Uint8Array(4))
    expectTypeOf(await room.push("new_msg", {})).toBeAny()
    expectTypeOf(await room.join()).toBeAny()
  })

  it("answers anything", () => {
    const push = room
      .push("new_msg", {})
      .receive("ok", ({ id }) => expectTypeOf(id).toBeAny())
      .receive("error", ({ reasons }) => expectTypeOf(reasons).toBeAny())
      .receive("timeout", () => {})
    expectTypeOf(push).toEqualTypeOf<Push>()
    room.join(5000).receive("ok", (response: { members: string[] }) => response)
    room.leave().receive("ok", () => {})
  })

  it("has presences of anything", () => {
    const presence = new Presence(room)
    presence.onJoin((id, current, joined) => {
      expectTypeOf(id).toBeString()
      expectTypeOf(joined.user).toBeAny()
      if (current) expectTypeOf(current.metas[0]).toBeAny()
    })
    presence.onLeave((_id, current, left) => current.metas.length - left.metas.length)
    expectTypeOf(presence.list((_id, { metas: [first, ...rest] }) => [first.online_at, rest.length])).toBeArray()
    expectTypeOf(presence.list((_id, presence) => presence.user.name)).toBeArray()
  })

  it("has the states of presences of anything", () => {
    let presences = {}
    room.on("presence_state", (state) => {
      presences = Presence.syncState(presences, state, (_id, _current, joined) => joined.user)
    })
    room.on("presence_diff", (diff) => {
      presences = Presence.syncDiff(presences, diff)
    })
    expectTypeOf(Presence.list<string>(presences, (id, { user }) => user?.name ?? id)).toEqualTypeOf<string[]>()
    expectTypeOf(Presence.list(presences, (_id, { metas: [first] }) => first.name)).toBeArray()
  })
})

describe("the onMessage of a channel", () => {
  const room = socket.channel(topic)

  it("can be assigned", () => {
    room.onMessage = (event, payload, ref) => ({ ...payload, event, ref })
    room.onMessage = function (_event: string, payload: { text: string }) {
      return payload
    }
    room.onMessage = (event, payload, ref, joinRef) => {
      expectTypeOf(event).toBeString()
      expectTypeOf(payload).toBeAny()
      expectTypeOf([ref, joinRef]).toExtend<(Ref | undefined)[]>()
      return payload
    }
    // @ts-expect-error an event is a string
    room.onMessage = (event: number) => event
  })

  it("can be overridden", () => {
    class Shouting extends Channel {
      override onMessage(event: string, payload: { text: string }, ref: Ref): { text: string } {
        return super.onMessage(event, { text: payload.text.toUpperCase() }, ref)
      }
    }
    const shouting = new Shouting("room:1", { name: "Ada" }, socket)
    shouting.join().receive("ok", () => shouting.push("new_msg", { text: "hi" }))
    // @ts-expect-error a channel has a topic, params and a socket
    expectTypeOf(Shouting).toBeConstructibleWith()
  })

  it("can be overridden where there is a contract, too", () => {
    class Room extends Channel<Topics["room:*"]> {
      say(text: string): Promise<string> {
        return this.push("new_msg", { text }).then(({ id }) => id)
      }
    }
    expectTypeOf(new Room("room:1", { name: "Ada" }, {} as Socket<Topics>).join().then()).resolves.toEqualTypeOf<{
      members: string[]
    }>()
  })
})

describe("what has a contract and what has none", () => {
  it("can stand for each other", () => {
    const typed: Socket<Topics> = socket
    const untyped: Socket = typed
    const channel: Channel = typed.channel("room:1", { name: "Ada" })
    const room: Channel<Topics["room:*"]> = untyped.channel("room:1")
    const subscription: Subscription = typed.subscribe("news", {})
    expectTypeOf([channel, room, subscription.channel]).toExtend<Channel[]>()
    // @ts-expect-error those are two rooms
    const other: Channel<Topics["news"]> = typed.channel("room:1", { name: "Ada" })
    expectTypeOf(other).toBeObject()
  })
})
