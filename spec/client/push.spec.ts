import { describe, expect, it, onTestFinished, vi } from "vitest"
import { PushError, type Push } from "rookery"
import { after, fate, joined, settled, staged, withFakeTime } from "../support/client.js"

withFakeTime()

describe("awaiting a push", () => {
  it("gives the response of an ok", async () => {
    const { room, stage } = await joined()
    const push = room.push("echo", { a: 1 })
    stage.line.reply(stage.line.last("echo"), "ok", { b: 2 })
    expect(await push).toEqual({ b: 2 })
  })

  it.each(["error", "busy"])("throws a PushError with status and response on %s", async (status) => {
    const { room, stage } = await joined()
    const push = room.push("echo", {})
    stage.line.reply(stage.line.last("echo"), status, { reason: "no" })
    const error = await push.catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(PushError)
    expect(error).toMatchObject({ code: "refused", status, response: { reason: "no" } })
  })

  it("throws a TimeoutError when its time is up", async () => {
    const { room } = await joined()
    const outcome = fate(room.push("echo", {}, { timeout: 300 }))
    await after(299)
    expect(await Promise.race([outcome, "still waiting"])).toBe("pending")
    const push = room.push("echo", {}, 300)
    await after(300)
    expect(await fate(push)).toBe("timeout")
  })

  it("an awaited push throws a DisconnectedError at once when the connection is lost, while receive keeps its time", async () => {
    const { room, stage } = await joined()
    const push = room.push("echo", {}, 1000)
    const timedOut = vi.fn()
    push.receive("timeout", timedOut)
    stage.line.close()
    expect(await fate(push)).toBe("disconnected")
    await after(999)
    expect(timedOut).not.toHaveBeenCalled()
    await after(1)
    expect(timedOut).toHaveBeenCalledOnce()
  })

  it("throws a ChannelClosedError when the channel is left, closed or crashes first", async () => {
    const { room, stage } = await joined()
    const joinRef = room.joinRef()
    const first = room.push("echo", {})
    stage.line.send({ join_ref: joinRef, topic: "room:1", event: "phx_error" })
    expect(await fate(first)).toBe("channel_crashed")
    await after(1000)
    const second = room.push("echo", {})
    stage.line.send({ topic: "room:1", event: "phx_close" })
    expect(await fate(second)).toBe("channel_closed")
    room.join()
    await settled()
    const third = room.push("echo", {})
    room.leave()
    expect(await fate(third)).toBe("channel_closed")
  })

  it("rejects at once on a channel that was left", async () => {
    const { room } = await joined()
    room.leave()
    expect(await fate(room.push("echo", {}))).toBe("channel_closed")
  })

  it("gives the same outcome however late and often it is asked", async () => {
    const { room, stage } = await joined()
    const push = room.push("echo", {})
    stage.line.reply(stage.line.last("echo"), "ok", 7)
    expect([await push, await push]).toEqual([7, 7])
  })
})

describe("a push that nobody awaits", () => {
  it("never makes an unhandled rejection", async () => {
    const unhandled = vi.fn()
    process.on("unhandledRejection", unhandled)
    onTestFinished(() => void process.off("unhandledRejection", unhandled))
    const { room, stage } = await joined()
    room.push("echo", {}, 100)
    room.push("refused", {})
    stage.line.reply(stage.line.last("refused"), "error")
    await after(100)
    room.push("echo", {})
    stage.line.close()
    await settled()
    vi.useRealTimers()
    // Unhandled rejections are told when the microtasks have run dry.
    await new Promise((resolve) => setImmediate(resolve))
    expect(unhandled).not.toHaveBeenCalled()
  })
})

describe("answers", () => {
  it("ignores answers that are repeated or late", async () => {
    const { room, stage, errors } = await joined()
    const answers = vi.fn()
    const twice = room.push("echo", {}).receive("ok", answers).receive("error", answers)
    const sent = stage.line.last("echo")
    stage.line.reply(sent, "ok", 1)
    stage.line.reply(sent, "error", 2)
    expect(await twice).toBe(1)
    const late = room.push("late", {}, 100).receive("ok", answers)
    await after(100)
    stage.line.reply(stage.line.last("late"))
    expect(await fate(late)).toBe("timeout")
    expect(answers).toHaveBeenCalledOnce()
    expect(errors).toEqual([])
  })

  it("reach the other callbacks when one of them throws", async () => {
    const { room, stage, errors } = await joined()
    const fault = new Error("mine")
    const second = vi.fn()
    room
      .push("echo", {})
      .receive("ok", () => {
        throw fault
      })
      .receive("ok", second)
    stage.line.reply(stage.line.last("echo"))
    expect(second).toHaveBeenCalledOnce()
    expect(errors).toEqual([fault])
  })
})

describe("a payload that cannot be encoded", () => {
  it("fails its own push and nothing else", async () => {
    const { room, stage } = await joined()
    const bad = room.push("bad", { n: 1n })
    const good = room.push("good", {})
    expect(await fate(bad)).toBe("unencodable")
    stage.line.reply(stage.line.last("good"))
    expect(await good).toEqual({})
  })

  it("is reported when nobody awaits the push, and only then", async () => {
    const { room, errors } = await joined()
    const heard: Push = room.push("bad", { n: 1n })
    await heard.catch(() => {})
    expect(errors).toEqual([])
    room.push("bad", { n: 1n })
    await settled()
    expect(errors).toMatchObject([{ code: "unencodable" }])
  })

  it("a join whose payload cannot be encoded closes the channel and rejects", async () => {
    const { socket, errors } = await joined()
    const channel = socket.channel("room:2", { n: 1n })
    expect(await fate(channel.join())).toBe("unencodable")
    expect(channel.state).toBe("closed")
    expect(errors).toEqual([])
  })
})

describe("retry", () => {
  it("sends again after each rejoin until there is an answer", async () => {
    const { room, stage } = await joined()
    const push = room.push("save", { id: 7 }, { retry: true })
    for (let i = 0; i < 3; i++) {
      expect(stage.line.of("save")).toHaveLength(1)
      stage.line.close()
      expect(await fate(push)).toBe("pending")
      await after(100)
    }
    const resent = stage.line.last("save")
    expect(resent).toMatchObject({ payload: { id: 7 }, join_ref: room.joinRef() })
    stage.line.reply(resent, "ok", "saved")
    expect(await push).toBe("saved")
    stage.line.close()
    await after(100)
    expect(stage.line.of("save")).toEqual([])
  })

  it("sends again after the channel crashed, but once: the push itself may be why", async () => {
    const { room, stage } = await joined()
    const crash = async (): Promise<void> => {
      stage.line.send({ join_ref: room.joinRef(), topic: "room:1", event: "phx_error" })
      await after(1000)
    }
    const poison = room.push("save", { id: 7 }, { retry: true })
    await crash()
    const bystander = room.push("save", { id: 8 }, { retry: true })
    expect(stage.line.of("save").map(({ payload }) => payload)).toEqual([{ id: 7 }, { id: 7 }, { id: 8 }])
    await crash()
    expect([await fate(poison), await fate(bystander)]).toEqual(["channel_crashed", "pending"])
    stage.line.reply(stage.line.last("save"), "ok", "saved")
    expect(await bystander).toBe("saved")
  })

  it("a push with retry survives connections that are lost after a crash", async () => {
    const { room, stage } = await joined()
    const push = room.push("save", {}, { retry: true })
    stage.line.send({ join_ref: room.joinRef(), topic: "room:1", event: "phx_error" })
    await after(1000)
    for (let i = 0; i < 2; i++) {
      stage.line.close()
      await after(100)
    }
    stage.line.reply(stage.line.last("save"), "ok", "saved")
    expect(await push).toBe("saved")
  })

  it("sends what a crash found unsent at the next join, with retry or without", async () => {
    const { room, stage } = await joined()
    stage.line.bufferedAmount = 2 ** 21
    const push = room.push("save", {})
    stage.line.send({ join_ref: room.joinRef(), topic: "room:1", event: "phx_error" })
    stage.line.bufferedAmount = 0
    await after(1000)
    stage.line.reply(stage.line.last("save"), "ok", "saved")
    expect([await push, stage.line.of("save").length]).toEqual(["saved", 1])
  })

  it("keeps the order of what was sent, what was held and what waits", async () => {
    const { room, stage } = await joined()
    room.push("n", 1, { retry: true })
    stage.line.bufferedAmount = 2 ** 21
    room.push("n", 2)
    stage.line.close()
    room.push("n", 3)
    await after(100)
    expect(stage.line.of("n").map(({ payload }) => payload)).toEqual([1, 2, 3])
  })

  it("a push with retry counts its timeout only while it is in flight", async () => {
    const { room, stage } = await joined()
    const push = room.push("save", {}, { retry: true, timeout: 1000 })
    stage.plays = false
    stage.line.close()
    await after(60_000)
    expect(await fate(push)).toBe("pending")
    stage.plays = true
    stage.line.close()
    await after(5000)
    expect(stage.line.of("save")).toHaveLength(1)
    await after(1000)
    expect(await fate(push)).toBe("timeout")
  })
})

describe("an abort signal", () => {
  it("takes back a push that waits", async () => {
    const { socket, stage } = staged()
    const room = socket.channel("room:1")
    room.join()
    const controller = new AbortController()
    const push = room.push("echo", {}, { signal: controller.signal })
    const reason = new Error("changed my mind")
    controller.abort(reason)
    await expect(push).rejects.toMatchObject({ code: "aborted", cause: reason })
    socket.connect()
    await settled()
    expect(stage.line.received.map(({ event }) => event)).toEqual(["phx_join"])
  })

  it("a push with an aborted signal is not sent", async () => {
    const { room, stage } = await joined()
    expect(await fate(room.push("echo", {}, { signal: AbortSignal.abort() }))).toBe("aborted")
    expect(stage.line.of("echo")).toEqual([])
  })

  it("leaves the topic on the server too, once the join was sent", async () => {
    const { socket, stage } = staged({}, { plays: false })
    socket.connect()
    stage.line.open()
    const room = socket.channel("room:1")
    const controller = new AbortController()
    const join = room.join({ signal: controller.signal })
    const { ref } = stage.line.last("phx_join")
    controller.abort()
    expect(await fate(join)).toBe("aborted")
    expect(stage.line.last("phx_leave")).toMatchObject({ topic: "room:1", join_ref: ref })
  })

  it("leaves the topic when it aborts a join", async () => {
    const { socket } = staged()
    const room = socket.channel("room:1")
    const controller = new AbortController()
    const join = room.join({ signal: controller.signal })
    controller.abort()
    expect(await fate(join)).toBe("aborted")
    expect(room.state).toBe("closed")
  })

  it("aborting a push that cannot be encoded and is not awaited leaves its error to onError", async () => {
    const { room, errors } = await joined()
    room.push("n", 1n, { signal: new AbortController().signal })
    await settled()
    expect(errors).toMatchObject([{ code: "unencodable" }])
  })

  it("aborting a refused join that is not awaited leaves its warning to the console", async () => {
    const { socket, stage } = staged({}, { plays: false })
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {})
    onTestFinished(() => warn.mockRestore())
    socket.connect()
    stage.line.open()
    socket.channel("room:1").join({ signal: new AbortController().signal })
    stage.line.reply(stage.line.last("phx_join"), "error", { reason: "full" })
    expect(warn).toHaveBeenCalledOnce()
    socket.destroy()
  })

  it("is listened to no longer than its push takes", async () => {
    const { room, stage } = await joined()
    const { signal } = new AbortController()
    const removed = vi.spyOn(signal, "removeEventListener")
    room.push("echo", {}, { signal })
    expect(removed).not.toHaveBeenCalled()
    stage.line.reply(stage.line.last("echo"))
    expect(removed).toHaveBeenCalledOnce()
  })

  it("an abort of a join that was sent tells the server", async () => {
    const { socket, stage } = staged({}, { plays: false })
    socket.connect()
    stage.line.open()
    const controller = new AbortController()
    const join = socket.channel("room:1").join({ signal: controller.signal })
    controller.abort()
    expect(await fate(join)).toBe("aborted")
    expect(stage.line.last("phx_leave").join_ref).toBe(stage.line.last("phx_join").ref)
  })
})

describe("full buffers", () => {
  it("refuse a push with an error", async () => {
    const { socket, errors } = staged({ bufferSize: 2 })
    const room = socket.channel("room:1")
    room.join()
    const pushes = [1, 2, 3].map((n) => room.push("n", n))
    expect(await fate(pushes[2] as Push)).toBe("buffer_full")
    expect(await fate(pushes[0] as Push)).toBe("pending")
    expect(errors).toEqual([])
    room.push("n", 4)
    await settled()
    expect(errors).toMatchObject([{ code: "buffer_full" }])
  })

  it("give up the oldest where that is the policy", async () => {
    const { socket, stage } = staged({ bufferSize: 2, whenFull: "drop_oldest" })
    const room = socket.channel("room:1")
    room.join()
    const pushes = [1, 2, 3].map((n) => room.push("n", n))
    expect(await fate(pushes[0] as Push)).toBe("buffer_full")
    socket.connect()
    await settled()
    expect(stage.line.of("n").map(({ payload }) => payload)).toEqual([2, 3])
  })

  it("a full socket buffer drops its oldest message, but never a join or a leave", async () => {
    const { socket, room, stage } = await joined({ bufferSize: 2, whenFull: "drop_oldest", highWaterMark: 100 })
    const say = (payload: number): void => socket.push({ topic: "phoenix", event: "x", payload, ref: null })
    stage.line.bufferedAmount = 101
    room.leave()
    socket.channel("room:2").join()
    expect(() => say(0)).toThrow(expect.objectContaining({ code: "buffer_full" }))
    stage.line.bufferedAmount = 0
    await after(20)
    expect([stage.line.of("phx_leave").length, stage.line.last("phx_join").topic]).toEqual([1, "room:2"])
    stage.line.bufferedAmount = 101
    for (const n of [1, 2, 3]) say(n)
    stage.line.bufferedAmount = 0
    await after(20)
    expect(stage.line.of("x").map(({ payload }) => payload)).toEqual([2, 3])
  })

  it("a full socket buffer refuses new messages, but never a join", () => {
    const { socket } = staged({ bufferSize: 1 })
    const message = { topic: "phoenix", event: "x", payload: {}, ref: "1" }
    socket.push(message)
    expect(() => socket.push(message)).toThrow(expect.objectContaining({ code: "buffer_full" }))
    expect(() => socket.channel("room:1").join()).not.toThrow()
  })
})

describe("a join that was given up while there is no connection", () => {
  it("leaves nothing in the socket", async () => {
    const { socket, stage } = staged({ bufferSize: 1 })
    const say = (): void => socket.push({ topic: "phoenix", event: "x", payload: {}, ref: null })
    for (let n = 0; n < 3; n++) {
      const join = socket.join(`room:${n}`, {}, { timeout: 5000 })
      join.catch(() => {})
      // The join is the one message that the buffer holds.
      expect(say).toThrow(expect.objectContaining({ code: "buffer_full" }))
      await after(5000)
      expect(await fate(join)).toBe("timeout")
    }
    expect(socket.channels.size).toBe(0)
    expect(say).not.toThrow()
    socket.connect()
    await settled()
    expect(stage.line.received.map(({ event }) => event)).toEqual(["x"])
  })
})

describe("a push that failed when its channel closed", () => {
  it("still times out for receive, and is forgotten then", async () => {
    const { socket, room, stage } = await joined()
    const timedOut = vi.fn()
    room.push("x", {}, 5000).receive("timeout", timedOut)
    stage.line.send({ join_ref: room.joinRef(), topic: "room:1", event: "phx_close", payload: {} })
    expect(socket.lateTimeouts.size).toBe(1)
    await after(5000)
    expect(timedOut).toHaveBeenCalledOnce()
    expect(socket.lateTimeouts.size).toBe(0)
  })
})
