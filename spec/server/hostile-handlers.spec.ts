import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { Refused, reply, type Channel, type Endpoint } from "rookery/server"
import { stages } from "../support/stage.js"
import { answer, type WireClient } from "../support/wire-client.js"

const stage = stages()

/** Errors that were not handled. Without a listener they would end the process. */
const unheard: unknown[] = []
const hear = (error: unknown): void => void unheard.push(error)

beforeEach(() => {
  unheard.length = 0
  process.on("unhandledRejection", hear).on("uncaughtException", hear)
})
afterEach(() => {
  process.off("unhandledRejection", hear).off("uncaughtException", hear)
})

const fail = (what: unknown) => (): never => {
  throw what
}

const circular: Record<string, unknown> = {}
circular["self"] = circular
const untouchable = new Proxy({}, { get: fail(new Error("get")), ownKeys: fail(new Error("ownKeys")) })
// As a function of the language would: with whatever the user threw.
const rejects = (reason: unknown) => async (): Promise<never> => {
  throw reason
}

/** Faults that a handler may have. */
const ACTS: Record<string, () => unknown> = {
  "throws an error": fail(new Error("of a handler")),
  "throws undefined": fail(undefined),
  "throws null": fail(null),
  "throws what has no text": fail(Object.create(null)),
  "throws what cannot be looked at": fail(untouchable),
  "throws a refusal that cannot be encoded": fail(new Refused(1n)),
  "throws a refusal in circles": fail(new Refused(circular)),
  "rejects with an error": rejects(new Error("of a handler")),
  "rejects with undefined": rejects(undefined),
  "rejects later": async () => {
    await new Promise(setImmediate)
    throw new Error("later")
  },
  "returns a big integer": () => 1n,
  "returns a circle": () => circular,
  "returns a function": () => fail,
  "returns a symbol": () => Symbol("none"),
  "returns what cannot be looked at": () => untouchable,
  "returns what throws when it is written": () => ({ toJSON: fail(new Error("toJSON")) }),
  "returns what throws when it is read": () => Object.defineProperty({}, "a", { enumerable: true, get: fail(1) }),
  "returns what is no promise": () => ({ then: "no function" }),
  "returns a promise that throws": () => ({ then: fail(new Error("then")) }),
  "returns a promise that settles twice": () => ({
    then(done: (value: unknown) => void, failed: (error: unknown) => void) {
      done({})
      failed(new Error("twice"))
      done({})
    },
  }),
  "returns a status that is none": () => reply(Symbol("status") as unknown as string),
  "returns a status that has no text": () => reply({ toString: fail(new Error("toString")) } as unknown as string),
  "says too much to be nested": () => {
    let deep: unknown = 0
    for (let i = 0; i < 100_000; i++) deep = [deep]
    return deep
  },
}

type Place = (endpoint: Endpoint, act: () => unknown) => void

/** Where a handler may do so. */
const HANDLERS: Record<string, Place> = {
  "a push": (endpoint, act) => void endpoint.channel("bad:*", { receive: { act } }),
  "a join": (endpoint, act) => void endpoint.channel("bad:*", { join: act as () => object }),
  "what follows a join": (endpoint, act) => void endpoint.channel("bad:*", { joined: act }),
  "an intercepted broadcast": (endpoint, act) =>
    void endpoint.channel("bad:*", {
      intercept: { told: act },
      receive: { act: (_payload, room) => room.broadcast("told", {}) },
    }),
  "the end of a channel": (endpoint, act) =>
    void endpoint.channel("bad:*", { terminate: act, receive: { act: (_payload, room) => room.stop() } }),
}

/** Where what it makes is handed over for a payload, in which a promise has no place. */
const PAYLOADS: Record<string, Place> = {
  "a push of its own": (endpoint, act) =>
    void endpoint.channel("bad:*", { receive: { act: (_payload, room: Channel) => room.push("told", act()) } }),
  "a broadcast of its own": (endpoint, act) =>
    void endpoint.channel("bad:*", { receive: { act: (_payload, room: Channel) => room.broadcast("told", act()) } }),
  "a late reply": (endpoint, act) =>
    void endpoint.channel("bad:*", {
      receive: {
        act(_payload, room: Channel) {
          const answer = room.replyTo()
          room.signal.addEventListener("abort", () => answer("ok", {}))
          answer("ok", act())
          return room.noReply
        },
      },
    }),
  "a presence": (endpoint, act) =>
    void endpoint.channel("bad:*", { joined: (room) => room.track("key", act() as object) }),
}

async function served(client: WireClient): Promise<void> {
  client.send("1", "9", "good:1", "echo", { still: 1 })
  let frame = await client.next()
  // The other room may end late, on a busy machine.
  while (!Buffer.isBuffer(frame) && frame[2] === "bad:1") frame = await client.next()
  expect(answer(frame)).toEqual({ status: "ok", response: { still: 1 } })
  expect(client.unread).toEqual([])
}

const acts = Object.entries(ACTS)
const plainActs = acts.filter(([name]) => !name.startsWith("rejects"))

describe.each([
  ...Object.entries(HANDLERS).map(([place, build]) => [place, build, acts] as const),
  ...Object.entries(PAYLOADS).map(([place, build]) => [place, build, plainActs] as const),
])("in %s", (_place, build, acts) => {
  it.each(acts)("a handler that %s touches no other room and no other socket", async (_act, act) => {
    const { connect, endpoint } = await stage({ compress: false }, (endpoint) => {
      endpoint.channel("good:*", { receive: { echo: (payload) => payload } })
      build(endpoint, act)
    })
    const [bad, other] = [await connect(), await connect()]
    for (const client of [bad, other]) await client.join("good:1")
    bad.send("2", "2", "bad:1", "phx_join", {})
    bad.send("2", "3", "bad:1", "act", {})
    await bad.fence()
    await served(other)
    // A late message, sent in the second turn of the event loop, arrives before this fence.
    await bad.fence()
    const frames = await bad.fence()
    expect(frames.filter((frame) => !Buffer.isBuffer(frame) && frame[2] === "good:1")).toEqual([])
    await served(bad)
    expect(endpoint.counters().rookery_sockets).toBe(2)
    expect(unheard).toEqual([])
  })
})

describe("in connect", () => {
  it.each(acts)("a handler that %s keeps nobody else out", async (_act, act) => {
    const { connect, endpoint, port } = await stage(
      { connect: ({ params }) => (params["bad"] === "1" ? (act() as boolean) : true) },
      (endpoint) => void endpoint.channel("good:*", { receive: { echo: (payload) => payload } }),
    )
    const other = await connect()
    await other.join("good:1")
    // Some come in, for what they return is as good as nothing.
    await connect({ query: { bad: "1" } }).catch(() => undefined)
    await fetch(`http://127.0.0.1:${port}/socket/longpoll?vsn=2.0.0&bad=1`).then((response) => response.text())
    await served(other)
    await served(await joined(connect))
    expect(endpoint.counters().rookery_sockets).toBeGreaterThanOrEqual(2)
    expect(unheard).toEqual([])
  })
})

async function joined(connect: () => Promise<WireClient>): Promise<WireClient> {
  const client = await connect()
  await client.join("good:1")
  return client
}
