import { createElement } from "react"
import type { Channel, PresenceState, Socket, Status } from "rookery"
import { createHooks, useChannel, useEvent, usePresence, usePush, useSocket, type ChannelView } from "rookery/react"
import { describe, expectTypeOf, it } from "vitest"
import type { Topics } from "./topics.js"

const typed = createHooks<Topics>()
declare const room: ChannelView<Topics["room:*"]>
declare const news: ChannelView<Topics["news"]>
declare const id: string
declare const socket: Socket<Topics>

// This file is only type-checked, and never run.
describe("useChannel()", () => {
  it("takes topics and params of the contract", () => {
    expectTypeOf(typed.useChannel("room:1", { name: "Ada" })).toEqualTypeOf<ChannelView<Topics["room:*"]>>()
    expectTypeOf(typed.useChannel(`room:${id}`, () => ({ name: "Ada" }))).toEqualTypeOf<ChannelView<Topics["room:*"]>>()
    typed.useChannel("news")
    // @ts-expect-error nothing takes this topic
    typed.useChannel("rom:1", { name: "Ada" })
    // @ts-expect-error a name is wanted
    typed.useChannel("room:1")
    // @ts-expect-error a name is a string
    typed.useChannel("room:1", { name: 1 })
    // @ts-expect-error news takes no params
    typed.useChannel("news", { since: 1 })
  })

  it("takes null for a topic that is not known yet", () => {
    const topic = id ? (`room:${id}` as const) : null
    const view = typed.useChannel(topic, { name: "Ada" })
    expectTypeOf(view).toEqualTypeOf<ChannelView<Topics["room:*"]>>()
    // @ts-expect-error a name is wanted all the same
    typed.useChannel(topic)
  })

  it("gives the join's answer and the channel", () => {
    expectTypeOf(room.joined).toEqualTypeOf<{ members: string[] } | undefined>()
    expectTypeOf(room.channel).toEqualTypeOf<Channel<Topics["room:*"]> | undefined>()
  })
})

describe("useEvent()", () => {
  it("knows the events of a channel", () => {
    typed.useEvent(room, "new_msg", (message) => expectTypeOf(message).toEqualTypeOf<{ from: string; text: string }>())
    typed.useEvent(room, "presence_state", (state) =>
      expectTypeOf(state).toEqualTypeOf<PresenceState<{ name: string; away: boolean }>>(),
    )
    // @ts-expect-error no such event
    typed.useEvent(room, "nwe_msg", () => {})
    // @ts-expect-error this is what news receives
    typed.useEvent(room, "headline", () => {})
    // @ts-expect-error the channel has its params
    typed.useEvent(room, "new_msg", () => {}, { name: "Ada" })
  })

  it("knows the events of a topic, and wants its params", () => {
    typed.useEvent("news", "headline", (text) => expectTypeOf(text).toBeString())
    typed.useEvent("room:1", "new_msg", ({ text }) => expectTypeOf(text).toBeString(), { name: "Ada" })
    typed.useEvent(id ? "news" : null, "headline", (text) => expectTypeOf(text).toBeString())
    // @ts-expect-error a name is wanted
    typed.useEvent("room:1", "new_msg", () => {})
    // @ts-expect-error nothing takes this topic
    typed.useEvent("rom:1", "new_msg", () => {})
  })
})

describe("usePush()", () => {
  it("knows what can be pushed, and the answer", () => {
    const push = typed.usePush(room)
    expectTypeOf(push("new_msg", { text: "hi" }).then()).resolves.toEqualTypeOf<{ id: string }>()
    push("stop")
    push("new_msg", { text: "hi" }, { timeout: 5 })
    // @ts-expect-error no such event
    push("nwe_msg", {})
    // @ts-expect-error a text is wanted
    push("new_msg")
    // @ts-expect-error nothing can be pushed to news
    typed.usePush(news)("headline", {})
  })
})

describe("the others", () => {
  it("are of the contract too", () => {
    expectTypeOf(typed.useSocket()).toEqualTypeOf<Socket<Topics>>()
    expectTypeOf(typed.useStatus()).toEqualTypeOf<Status>()
    expectTypeOf(typed.usePresence(room)).toEqualTypeOf<Readonly<PresenceState<{ name: string; away: boolean }>>>()
  })

  it("take a socket, or where to connect to", () => {
    createElement(typed.SocketProvider, { socket })
    createElement(typed.SocketProvider, { endPoint: "/socket", options: { params: () => ({ token: "a" }) } })
    // @ts-expect-error one of both is wanted
    createElement(typed.SocketProvider, {})
    // @ts-expect-error not both
    createElement(typed.SocketProvider, { socket, endPoint: "/socket" })
  })

  it("take everything without a contract", () => {
    const view = useChannel("anything", { at: "all" })
    useEvent(view, "new_msg", (message) => expectTypeOf(message).toBeAny())
    useEvent("anything", "new_msg", (message) => expectTypeOf(message).toBeAny())
    useEvent("anything", "new_msg", () => {}, { at: "all" })
    expectTypeOf(usePush(view)("new_msg", { text: "hi" }).then()).resolves.toBeAny()
    expectTypeOf(usePresence(view)).not.toBeUnknown()
    expectTypeOf(useSocket()).toEqualTypeOf<Socket>()
  })
})
