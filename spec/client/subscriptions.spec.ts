import { describe, expect, it, vi } from "vitest"
import { after, joined, settled, staged, withFakeTime } from "../support/client.js"

withFakeTime()

const connected = async () => {
  const all = staged()
  all.socket.connect()
  await settled()
  return all
}

describe("subscribers of one topic", () => {
  it("share one join, and the last one leaves", async () => {
    const { socket, stage } = await connected()
    const seen: string[] = []
    const first = socket.subscribe("room:1", { x: () => seen.push("first") }, { as: "ada" })
    const second = socket.subscribe("room:1", { x: () => seen.push("second") }, { as: "ada" })
    expect(await first.joined).toEqual({})
    stage.line.send({ topic: "room:1", event: "x" })
    first.unsubscribe()
    first.unsubscribe()
    stage.line.send({ topic: "room:1", event: "x" })
    expect(seen).toEqual(["first", "second", "second"])
    expect(stage.line.of("phx_join").map(({ payload }) => payload)).toEqual([{ as: "ada" }])
    expect(stage.line.of("phx_leave")).toEqual([])
    second[Symbol.dispose]()
    expect(stage.line.of("phx_leave")).toHaveLength(1)
  })

  it("a subscriber with different params gets an error", async () => {
    const { socket } = await connected()
    socket.subscribe("room:1", {}, { as: "ada" })
    expect(() => socket.subscribe("room:1", {}, { as: "bob" })).toThrow(
      expect.objectContaining({ code: "params_differ" }),
    )
    expect(() => socket.subscribe("room:1", {})).not.toThrow()
  })

  it("get what they missed if the first of them asks for it, and are told which cannot", async () => {
    const { socket, stage } = await connected()
    const told: unknown[] = []
    const recovering = socket.subscribe("room:1", { phx_recovered: (what) => told.push(what) }, {}, { recover: true })
    expect(stage.line.last("phx_join").payload).toEqual({ recover: { id: expect.any(String) } })
    await recovering.joined
    expect(() => socket.subscribe("room:1", {})).not.toThrow()
    stage.line.close()
    await after(100)
    expect(told).toEqual([{ recovered: false }])
    socket.subscribe("room:2", {})
    expect(() => socket.subscribe("room:2", {}, {}, { recover: true })).toThrow(
      expect.objectContaining({ code: "params_differ" }),
    )
  })

  it("end, and are told why, if the join cannot be sent", async () => {
    const { socket } = await connected()
    const make = socket.channel.bind(socket)
    let made = 0
    vi.spyOn(socket, "channel").mockImplementation((...args) => {
      // Without an end the test would join for ever, in microtasks.
      if (++made > 5) throw new Error("joins again and again")
      return make(...args)
    })
    const told: unknown[] = []
    socket.onError((error) => told.push(error))
    const closed: unknown[] = []
    const { joined: join } = socket.subscribe("room:1", { phx_close: (reason) => closed.push(reason) }, { n: 1n })
    await settled()
    const unencodable = expect.objectContaining({ code: "unencodable" })
    expect([made, told, closed]).toEqual([1, [unencodable], [unencodable]])
    await expect(join).rejects.toEqual(unencodable)
  })

  it("join again when they come back", async () => {
    const { socket, stage } = await connected()
    socket.subscribe("room:1", {}).unsubscribe()
    socket.subscribe("room:1", {})
    expect(stage.line.received.map(({ event }) => event)).toEqual(["phx_join", "phx_leave", "phx_join"])
  })
})

describe("a channel of the topic", () => {
  it("shares its join, which is its own to leave", async () => {
    const { socket, stage, room } = await joined()
    const seen = vi.fn()
    const subscription = socket.subscribe("room:1", { x: seen })
    expect(subscription.channel).toBe(room)
    expect(stage.line.of("phx_join")).toHaveLength(1)
    stage.line.send({ topic: "room:1", event: "x" })
    expect(seen).toHaveBeenCalledOnce()
    subscription.unsubscribe()
    expect([room.state, stage.line.of("phx_leave")]).toEqual(["joined", []])
  })

  it("when a shared channel is left, the subscribers continue on their own channel", async () => {
    const { socket, stage, room } = await joined()
    const [seen, closed] = [vi.fn(), vi.fn()]
    const subscriptions = [1, 2].map(() => socket.subscribe("room:1", { x: seen, phx_close: closed }))
    room.leave()
    await settled()
    stage.line.send({ topic: "room:1", event: "x" })
    expect(stage.line.received.map(({ event }) => event)).toEqual(["phx_join", "phx_leave", "phx_join"])
    expect(seen).toHaveBeenCalledTimes(2)
    expect(closed).not.toHaveBeenCalled()
    for (const subscription of subscriptions) subscription.unsubscribe()
    expect(stage.line.of("phx_leave")).toHaveLength(2)
  })

  it("when a shared channel is left, its rewound messages are not delivered again", async () => {
    const { socket, stage } = await connected()
    const room = socket.channel("room:1", {}, { recover: true })
    room.join()
    await settled()
    socket.subscribe("room:1", {}, {}, { recover: { rewind: 20 } })
    room.leave()
    await settled()
    expect(stage.line.of("phx_join").map(({ payload }) => payload)).toEqual([
      { recover: { id: expect.any(String) } },
      { recover: { id: expect.any(String) } },
    ])
  })

  it("a channel that joins later takes the topic over, as a second channel always does", async () => {
    const { socket, stage } = await connected()
    const seen = vi.fn()
    const subscription = socket.subscribe("room:1", { x: seen })
    const room = socket.channel("room:1")
    room.join()
    await settled()
    expect(subscription.channel).toBe(room)
    stage.line.send({ topic: "room:1", event: "x" })
    expect(seen).toHaveBeenCalledOnce()
    subscription.unsubscribe()
    expect(room.state).toBe("joined")
  })
})

it("ends with the channel that the server closes", async () => {
  const { socket, stage } = await connected()
  const closed = vi.fn()
  const subscription = socket.subscribe("room:1", { phx_close: closed })
  stage.line.send({ topic: "room:1", event: "phx_close" })
  await settled()
  expect(closed).toHaveBeenCalledOnce()
  expect(stage.line.of("phx_join")).toHaveLength(1)
  subscription.unsubscribe()
  expect(stage.line.of("phx_leave")).toEqual([])
})
