import { describe, expect, it, vi } from "vitest"
import { after, fate, joined, settled, staged, withFakeTime } from "../support/client.js"

withFakeTime()

describe("joining", () => {
  it("again after leaving takes the same object, with its handlers", async () => {
    const { room, stage } = await joined()
    const seen = vi.fn()
    room.on("x", seen)
    room.leave()
    expect(room.state).toBe("closed")
    await room.join()
    stage.line.send({ join_ref: room.joinRef(), topic: "room:1", event: "x", payload: 1 })
    expect(seen).toHaveBeenCalledOnce()
    expect(stage.line.received.map(({ event }) => event)).toEqual(["phx_join", "phx_leave", "phx_join"])
  })

  it("twice is an error that says what to do", async () => {
    const { room } = await joined()
    expect(() => room.join()).toThrow(expect.objectContaining({ code: "already_joined" }))
  })

  it("settles with the first answer; rejoins are told by receive", async () => {
    const { socket, stage } = staged({}, { plays: false })
    socket.connect()
    stage.line.open()
    const room = socket.channel("room:1")
    const join = room.join()
    const oks = vi.fn()
    join.receive("ok", oks)
    stage.line.reply(stage.line.last("phx_join"), "error", { reason: "not yet" })
    await expect(join).rejects.toMatchObject({ status: "error", response: { reason: "not yet" } })
    await after(1000)
    stage.line.reply(stage.line.last("phx_join"))
    expect(oks).toHaveBeenCalledOnce()
    expect(room.state).toBe("joined")
    await expect(join).rejects.toMatchObject({ code: "refused" })
  })

  it("tells whoever listened to it before it began, and those who listen to one after it was left", async () => {
    const { socket, stage } = staged()
    socket.connect()
    await settled()
    const room = socket.channel("room:1")
    const told: string[] = []
    room.joinPush.receive("ok", () => told.push("first"))
    room.join()
    stage.line.reply(stage.line.last("phx_join"))
    room.leave()
    room.join().receive("ok", () => told.push("second"))
    stage.line.reply(stage.line.last("phx_join"))
    expect(told).toEqual(["first", "second"])
  })

  it("asks for function params at every join, and waits for promised ones", async () => {
    const { socket, stage } = staged()
    socket.connect()
    let n = 0
    const room = socket.channel("room:1", async () => ({ n: await Promise.resolve(++n) }))
    expect(room.join()).toBe(room.joinPush)
    expect(room.state).toBe("joining")
    await settled()
    expect(stage.line.last("phx_join").payload).toEqual({ n: 1 })
    stage.line.close()
    await after(100)
    expect(stage.line.last("phx_join").payload).toEqual({ n: 2 })
    expect(room.state).toBe("joined")
  })

  it("a join whose params fail is reported and retried", async () => {
    const { socket, errors } = staged()
    socket.connect()
    await settled()
    const params = vi
      .fn<() => object>(() => ({}))
      .mockImplementationOnce(() => {
        throw new Error("no token")
      })
    const room = socket.channel("room:1", params)
    const join = room.join()
    expect(room.state).toBe("errored")
    expect(errors).toMatchObject([{ message: "no token" }])
    await after(1000)
    await join
    expect(room.state).toBe("joined")
  })

  it("through the socket gives the channel once it is in", async () => {
    const { socket } = staged()
    socket.connect()
    const room = await socket.join("room:1")
    expect(room.state).toBe("joined")
  })

  it("through the socket leaves a room that refuses", async () => {
    const { socket, stage } = staged({}, { plays: false })
    socket.connect()
    stage.line.open()
    const join = socket.join("room:1")
    stage.line.reply(stage.line.last("phx_join"), "error", { reason: "unauthorized" })
    await expect(join).rejects.toMatchObject({ response: { reason: "unauthorized" } })
    await after(60_000)
    expect(stage.line.of("phx_join")).toHaveLength(1)
  })
})

describe("an onMessage that throws", () => {
  it("does not keep a room from being left", async () => {
    const { socket, room, errors } = await joined()
    const closed = vi.fn()
    room.onClose(closed)
    room.onMessage = () => {
      throw new Error("mine")
    }
    room.leave()
    expect(room.state).toBe("closed")
    expect(closed).toHaveBeenCalledOnce()
    expect(errors).toEqual([expect.objectContaining({ message: "mine" })])
    expect(socket.channel("room:1").join().outcome).toBeUndefined()
  })

  it("does not keep a crashed room from being joined again", async () => {
    const { room, stage } = await joined()
    room.onMessage = (event: string, payload: unknown) => {
      if (event === "phx_error") throw new Error("mine")
      return payload
    }
    stage.line.send({ join_ref: room.joinRef(), topic: "room:1", event: "phx_error", payload: {} })
    expect(room.state).toBe("errored")
    await after(1000)
    expect(room.state).toBe("joined")
  })
})

describe("messages of another time", () => {
  it("drops a message of an earlier join", async () => {
    const { room, stage } = await joined()
    const seen = vi.fn()
    room.on("x", seen)
    const earlier = room.joinRef()
    stage.line.close()
    await after(100)
    stage.line.send({ join_ref: earlier, topic: "room:1", event: "x" })
    expect(seen).not.toHaveBeenCalled()
    stage.line.send({ join_ref: "", topic: "room:1", event: "x" })
    expect(seen).toHaveBeenCalledOnce()
  })

  it("drops what comes for a room that was left", async () => {
    const { room, stage, errors } = await joined()
    const seen = vi.fn()
    room.on("x", seen)
    room.leave()
    stage.line.send({ topic: "room:1", event: "x" })
    expect(seen).not.toHaveBeenCalled()
    expect(errors).toEqual([])
  })
})

describe("listening", () => {
  it("stops by the returned function, by a signal, or after one message", async () => {
    const { room, stage } = await joined()
    const seen: string[] = []
    const controller = new AbortController()
    const stop = room.listen("x", () => seen.push("stop"))
    room.listen("x", () => seen.push("signal"), { signal: controller.signal })
    room.listen("x", () => seen.push("once"), { once: true })
    room.listen("x", () => seen.push("never"), { signal: AbortSignal.abort() })
    const message = { topic: "room:1", event: "x" }
    stage.line.send(message)
    stop()
    stage.line.send(message)
    controller.abort()
    stage.line.send(message)
    expect(seen).toEqual(["stop", "signal", "once", "signal"])
  })

  it("takes events that are called like parts of an object", async () => {
    const { room, stage } = await joined()
    const seen: string[] = []
    for (const event of ["constructor", "__proto__", "*", "toString"]) room.on(event, () => seen.push(event))
    for (const event of ["constructor", "__proto__", "*", "toString", "hasOwnProperty"]) {
      stage.line.send({ topic: "room:1", event })
    }
    expect(seen).toEqual(["constructor", "__proto__", "*", "toString"])
  })
})

describe("messages()", () => {
  const say = (n: number): object => ({ topic: "room:1", event: "n", payload: n })

  it("messages() yields earlier and later messages, also after a lost connection, until the room is left", async () => {
    const { room, stage } = await joined()
    const seen: unknown[] = []
    const loop = (async () => {
      for await (const n of room.messages("n")) seen.push(n)
    })()
    stage.line.send(say(1))
    stage.line.send(say(2))
    await settled()
    stage.line.close()
    await after(100)
    stage.line.send(say(3))
    room.leave()
    await loop
    expect(seen).toEqual([1, 2, 3])
  })

  it("begins to listen at once, not at the first look", async () => {
    const { room, stage } = await joined()
    const messages = room.messages("n")
    stage.line.send(say(1))
    expect(await messages.next()).toEqual({ done: false, value: 1 })
  })

  it("ends by its signal, by break, and by return while it waits", async () => {
    const { room, stage } = await joined()
    const controller = new AbortController()
    const aborted = room.messages("n", { signal: controller.signal })
    const waiting = aborted.next()
    controller.abort()
    expect(await waiting).toEqual({ done: true, value: undefined })
    expect(await room.messages("n", { signal: AbortSignal.abort() }).next()).toMatchObject({ done: true })

    const broken = room.messages("n")
    stage.line.send(say(1))
    for await (const _ of broken) break
    stage.line.send(say(2))
    expect(await broken.next()).toMatchObject({ done: true })

    const returned = room.messages("n")
    const next = returned.next()
    expect(await returned.return?.()).toMatchObject({ done: true })
    expect(await next).toMatchObject({ done: true })
  })

  it("gives what fits and then an error when the loop is too slow", async () => {
    const { room, stage } = await joined()
    const messages = room.messages("n", { limit: 2 })
    for (const n of [1, 2, 3, 4]) stage.line.send(say(n))
    expect([(await messages.next()).value, (await messages.next()).value]).toEqual([1, 2])
    await expect(messages.next()).rejects.toMatchObject({ code: "buffer_full" })
    expect(await messages.next()).toMatchObject({ done: true })
  })
})

it("leaves at the end of an await using block", async () => {
  const { socket, stage } = await joined()
  {
    await using other = await socket.join("room:2")
    expect(other.state).toBe("joined")
  }
  expect(stage.line.last("phx_leave").topic).toBe("room:2")
})

it("tells a channel that was never joined not to push", async () => {
  const { socket } = await joined()
  expect(() => socket.channel("room:9").push("x")).toThrow(expect.objectContaining({ code: "not_joined" }))
  expect(await fate(socket.channel("room:9").leave())).toEqual({})
})

describe("two channels of one topic", () => {
  it("make one join where one is joined again as soon as it is left for the other", async () => {
    const { room, socket, stage, errors } = await joined()
    const other = socket.channel("room:1")
    room.onClose(() => void other.join())
    expect(() => other.join()).not.toThrow()
    await settled()
    expect(errors).toMatchObject([{ code: "already_joined" }])
    expect(stage.line.of("phx_join")).toHaveLength(2)
    expect([room.state, other.state]).toEqual(["closed", "joined"])
  })

  it("never hold two joins where the one that had the topic takes it back at once", async () => {
    const { room, socket, stage } = await joined()
    const other = socket.channel("room:1")
    room.onClose(() => void room.join())
    expect(await fate(other.join())).toBe("channel_closed")
    expect(stage.line.received.map(({ event }) => event)).toEqual(["phx_join", "phx_leave", "phx_join"])
    expect([room.state, other.state]).toEqual(["joined", "closed"])
  })

  it("stay apart where a handler of the one leaves the other", async () => {
    const { room, socket, stage } = await joined()
    const other = socket.channel("room:1")
    room.onClose(() => void other.leave())
    expect(await fate(other.join())).toBe("channel_closed")
    expect(stage.line.of("phx_join")).toHaveLength(1)
    expect([room.state, other.state]).toEqual(["closed", "closed"])
    await room.join()
    expect(room.state).toBe("joined")
  })
})

describe("a lost connection", () => {
  it("a room that is left by a handler of another stays closed", async () => {
    const { room, socket, stage } = await joined()
    const other = socket.channel("room:2")
    const told = vi.fn()
    await other.join()
    room.onError(() => void other.leave())
    other.onError(told)
    stage.line.close()
    await after(1000)
    expect([room.state, other.state]).toEqual(["joined", "closed"])
    expect(told).not.toHaveBeenCalled()
  })
})
