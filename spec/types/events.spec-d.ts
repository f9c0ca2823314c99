import type { Channel, Handlers, PresenceDiff, PresenceState, Ref, Reply, Socket, Subscription } from "rookery"
import { describe, expectTypeOf, it } from "vitest"
import type { Topics } from "./topics.js"

declare const socket: Socket<Topics>
declare const room: Channel<Topics["room:*"]>
declare const news: Channel<Topics["news"]>

type NewMessage = { from: string; text: string }

describe("a handler", () => {
  it("is given the payload of its event, and the refs", () => {
    const ref = room.on("new_msg", (message, ref, joinRef) => {
      expectTypeOf(message).toEqualTypeOf<NewMessage>()
      expectTypeOf(ref).toEqualTypeOf<Ref>()
      expectTypeOf(joinRef).toEqualTypeOf<Ref>()
    })
    expectTypeOf(ref).toBeNumber()
    room.off("new_msg", ref)
    room.off("new_msg")
    news.on("headline", (headline) => expectTypeOf(headline).toBeString())
  })

  it("may expect less, and may be async", () => {
    room.on("new_msg", ({ text }: { text: string }) => text)
    room.on("new_msg", () => {})
    room.on("new_msg", async ({ text }) => Promise.resolve(text))
    room.on("new_msg", (payload: unknown) => payload)
  })

  it("must not expect another payload", () => {
    // @ts-expect-error the payload has no such key
    room.on("new_msg", ({ body }) => body)
    // @ts-expect-error the payload has no such key
    room.on("new_msg", (message: { body: string }) => message)
    // @ts-expect-error that is the payload of another event
    room.on("new_msg", (message: { who: string }) => message)
    // @ts-expect-error the payload has no such key
    room.listen("new_msg", (message: { body: string }) => message)
  })

  it("is of an event that the contract knows", () => {
    // @ts-expect-error no such event
    room.on("nwe_msg", () => {})
    // @ts-expect-error no such event
    room.listen("nwe_msg", () => {})
    // @ts-expect-error no such event
    room.off("nwe_msg")
    // @ts-expect-error that is pushed, and never received
    room.on("stop", () => {})
    // @ts-expect-error an event of another topic
    news.on("new_msg", () => {})
  })

  it("can be of an event of the protocol", () => {
    room.on("phx_error", (reason) => expectTypeOf(reason).toBeAny())
    room.on("phx_close", (reason) => expectTypeOf(reason).toBeAny())
    room.on("phx_reply", (reply) => expectTypeOf(reply).toExtend<Reply>())
    room.onError((reason) => expectTypeOf(reason).toBeAny())
    room.onClose((payload, ref, joinRef) => expectTypeOf([payload, ref, joinRef]).toBeArray())
  })

  it("can be of presence where the contract has one", () => {
    type Meta = Topics["room:*"]["presence"]
    room.on("presence_state", (state) => expectTypeOf(state).toEqualTypeOf<PresenceState<Meta>>())
    room.on("presence_diff", (diff) => expectTypeOf(diff).toEqualTypeOf<PresenceDiff<Meta>>())
    // @ts-expect-error the contract says nothing of presence there
    news.on("presence_state", () => {})
  })
})

describe("listen()", () => {
  it("gives what ends it", () => {
    const stop = room.listen("new_msg", ({ text }) => text, { once: true, signal: AbortSignal.timeout(5000) })
    expectTypeOf(stop).toEqualTypeOf<() => void>()
    // @ts-expect-error no such option
    room.listen("new_msg", () => {}, { twice: true })
  })
})

describe("messages()", () => {
  it("gives the payloads of its event", async () => {
    for await (const message of room.messages("new_msg", { limit: 10 })) {
      expectTypeOf(message).toEqualTypeOf<NewMessage>()
    }
    for await (const state of room.messages("presence_state")) {
      expectTypeOf(Object.values(state)[0]?.metas[0]?.away).toEqualTypeOf<boolean | undefined>()
    }
    // @ts-expect-error no such event
    room.messages("nwe_msg")
  })
})

describe("subscribe()", () => {
  it("takes a handler for any event", () => {
    const subscription = socket.subscribe(
      "room:1",
      {
        new_msg: (message) => expectTypeOf(message).toEqualTypeOf<NewMessage>(),
        typing({ who }, ref) {
          expectTypeOf(who).toBeString()
          expectTypeOf(ref).toEqualTypeOf<Ref>()
        },
        presence_diff: ({ joins }) => expectTypeOf(joins["Ada"]?.metas[0]?.name).toEqualTypeOf<string | undefined>(),
        phx_error: () => {},
      },
      { name: "Ada" },
    )
    expectTypeOf(subscription).toEqualTypeOf<Subscription<Topics["room:*"]>>()
    expectTypeOf(subscription.channel).toEqualTypeOf<Channel<Topics["room:*"]>>()
    expectTypeOf(subscription.joined).toEqualTypeOf<PromiseLike<{ members: string[] }>>()
  })

  it("takes a handler that may be there or not", () => {
    const loud: boolean = Math.random() < 0.5
    socket.subscribe("news", { headline: loud ? (headline) => headline.toUpperCase() : undefined })
  })

  it("takes handlers that were made before", () => {
    const handlers: Handlers<Topics["room:*"]> = { new_msg: ({ text }) => text }
    socket.subscribe("room:1", handlers, { name: "Ada" })
  })

  it("takes no other event, and no handler that expects another payload", () => {
    // @ts-expect-error no such event
    socket.subscribe("room:1", { nwe_msg: () => {} }, { name: "Ada" })
    // @ts-expect-error the payload has no such key
    socket.subscribe("room:1", { new_msg: (message: { body: string }) => message }, { name: "Ada" })
    // @ts-expect-error the payload has no such key
    socket.subscribe("room:1", { new_msg: ({ body }) => body }, { name: "Ada" })
  })
})
