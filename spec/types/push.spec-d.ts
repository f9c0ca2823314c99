import { isRefused, isRookeryError, resultOf, type Channel, type Push, type PushError, type Socket } from "rookery"
import { describe, expectTypeOf, it } from "vitest"
import type { Topics } from "./topics.js"

declare const socket: Socket<Topics>
declare const room: Channel<Topics["room:*"]>
declare const news: Channel<Topics["news"]>

describe("a push", () => {
  it("carries the payload of its event", () => {
    room.push("new_msg", { text: "hi" })
    room.push("new_msg", { text: "hi" }, 5000)
    room.push("new_msg", { text: "hi" }, { timeout: 5000, retry: true, signal: AbortSignal.timeout(5000) })
    room.push("upload", new Uint8Array(4))
    // @ts-expect-error a text is a string
    room.push("new_msg", { text: 1 })
    // @ts-expect-error no such key
    room.push("new_msg", { txt: "hi" })
    // @ts-expect-error one too many
    room.push("new_msg", { text: "hi", to: "Ada" })
    // @ts-expect-error that is the text, and not the payload
    room.push("new_msg", "hi")
    // @ts-expect-error bytes are asked for
    room.push("upload", { bytes: 4 })
    // @ts-expect-error no such option
    room.push("new_msg", { text: "hi" }, { timeOut: 5000 })
  })

  it("needs its payload", () => {
    // @ts-expect-error there is none
    room.push("new_msg")
    // @ts-expect-error there is none
    room.push("new_msg", undefined, 5000)
    // @ts-expect-error there is none
    room.push("upload")
  })

  it("has none where the contract says nothing of one, and needs none where nothing in it must be there", () => {
    room.push("stop")
    room.push("stop", {})
    room.push("stop", undefined, { timeout: 5000 })
    room.push("filter")
    room.push("filter", { from: "Ada" })
    // @ts-expect-error a payload where none is
    room.push("stop", { now: true })
    // @ts-expect-error from is a string
    room.push("filter", { from: 1 })
  })

  it("is of an event that the contract knows", () => {
    // @ts-expect-error no such event
    room.push("nwe_msg", { text: "hi" })
    // @ts-expect-error this one comes from the server
    room.push("typing", { who: "Ada" })
    // @ts-expect-error a client does not send this by itself
    room.push("phx_join", {})
    // @ts-expect-error nothing can be pushed here
    news.push("headline", {})
  })

  it("is awaited for the response of its ok", async () => {
    expectTypeOf(await room.push("new_msg", { text: "hi" })).toEqualTypeOf<{ id: string }>()
    expectTypeOf(await room.push("stop")).toEqualTypeOf<{ stopped: true }>()
    expectTypeOf(await room.push("filter")).toBeUnknown()
    expectTypeOf(await Promise.all([room.push("stop"), room.push("upload", new Uint8Array(1))])).toEqualTypeOf<
      [{ stopped: true }, { bytes: number }]
    >()
    // @ts-expect-error no such key in the response
    const { identifier } = await room.push("new_msg", { text: "hi" })
    expectTypeOf(identifier).toBeAny()
  })

  it("is a promise to those who take one", () => {
    const push = room.push("new_msg", { text: "hi" })
    expectTypeOf(push).toExtend<PromiseLike<{ id: string }>>()
    expectTypeOf(push.then(({ id }) => id.length)).toEqualTypeOf<Promise<number>>()
    expectTypeOf(push.catch(() => undefined)).toEqualTypeOf<Promise<{ id: string } | undefined>>()
    expectTypeOf(push.finally(() => {})).toEqualTypeOf<Promise<{ id: string }>>()
    push.catch((error) => expectTypeOf(error).toBeUnknown())
  })
})

describe("receive()", () => {
  const push = room.push("new_msg", { text: "hi" })

  it("hands over the response of an ok and of an error", () => {
    push
      .receive("ok", (response) => expectTypeOf(response).toEqualTypeOf<{ id: string }>())
      .receive("error", (response) => expectTypeOf(response).toEqualTypeOf<{ reason: string; retryIn: number }>())
      .receive("ok", ({ id }: { id: string }) => id)
      .receive("ok", async () => {})
      .receive("ok", () => 1)
    room.push("stop").receive("error", (response) => expectTypeOf(response).toBeUnknown())
  })

  it("hands over anything for a timeout and for a status of the server's own", () => {
    push
      .receive("timeout", (response) => expectTypeOf(response).toBeAny())
      .receive("busy", ({ retryIn }) => expectTypeOf(retryIn).toBeAny())
      .receive("busy" as string, (response: { retryIn: number }) => response)
  })

  it("takes no handler that expects another response", () => {
    // @ts-expect-error the response has an id
    push.receive("ok", (response: { name: string }) => response)
    // @ts-expect-error the response has a reason
    push.receive("error", (response: { id: string }) => response)
    // @ts-expect-error no such key
    push.receive("ok", ({ name }) => name)
    // @ts-expect-error a status is a string
    push.receive(200, () => {})
  })
})

describe("a join", () => {
  it("is awaited for the response of its ok", async () => {
    expectTypeOf(await room.join()).toEqualTypeOf<{ members: string[] }>()
    expectTypeOf(await room.join(5000)).toEqualTypeOf<{ members: string[] }>()
    expectTypeOf(await room.join({ timeout: 5000 })).toEqualTypeOf<{ members: string[] }>()
    expectTypeOf(await room.joinPush).toEqualTypeOf<{ members: string[] }>()
    expectTypeOf(await news.join()).toBeUnknown()
    // @ts-expect-error joins are sent again anyway
    room.join({ retry: true })
  })

  it("is refused by the contract's words, and with a reason where it has none", () => {
    room
      .join()
      .receive("ok", ({ members }) => expectTypeOf(members).toEqualTypeOf<string[]>())
      .receive("error", ({ reason }) => expectTypeOf(reason).toEqualTypeOf<"full" | "closed">())
      .receive("timeout", () => {})
    news.join().receive("error", ({ reason }) => expectTypeOf(reason).toBeString())
    // @ts-expect-error the response has members
    room.join().receive("ok", (response: { member: string }) => response)
  })

  it("is what socket.join() waits for", async () => {
    const joined = await socket.join("room:1", { name: "Ada" }, { timeout: 5000 })
    expectTypeOf(joined).toEqualTypeOf<Channel<Topics["room:*"]>>()
    expectTypeOf(await socket.join("news")).toEqualTypeOf<Channel<Topics["news"]>>()
    // @ts-expect-error joins are sent again anyway
    await socket.join("news", {}, { retry: true })
  })
})

describe("a leave", () => {
  it("is a push that is always ok", async () => {
    room.leave(5000).receive("ok", () => {})
    expectTypeOf(await room.leave()).toBeAny()
  })
})

it("can be kept with others, whatever they carry", () => {
  const pushes: Push[] = [room.push("stop"), room.push("new_msg", { text: "hi" }), room.join(), news.leave()]
  for (const push of pushes) push.receive("ok", (response) => expectTypeOf(response).toBeAny())
})

describe("the outcome of a push as a value", () => {
  it("keeps the contract's types of the response and of the refusal", async () => {
    const result = await resultOf(room.join())
    if (result.ok) expectTypeOf(result.response).toEqualTypeOf<{ members: string[] }>()
    else if (isRefused(result.error)) expectTypeOf(result.error.response.reason).toEqualTypeOf<"full" | "closed">()
    else expectTypeOf(result.error.code).extract<"refused">().toBeNever()
  })

  it("has an error that a guard tells from any other", () => {
    const error: unknown = undefined
    if (isRefused<{ reason: string }>(error)) expectTypeOf(error).toEqualTypeOf<PushError<{ reason: string }>>()
    else if (isRookeryError(error)) expectTypeOf(error.code).toExtend<string>()
  })
})
