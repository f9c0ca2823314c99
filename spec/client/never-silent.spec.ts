import { describe, expect, it, vi } from "vitest"
import { isRefused, isRookeryError, PushError, resultOf, RookeryError, type Socket, TimeoutError } from "rookery"
import { after, fate, joined, settled, staged, withFakeTime } from "../support/client.js"

withFakeTime()

const thrownBy = (promise: PromiseLike<unknown>): Promise<Error> =>
  Promise.resolve(promise).then(
    () => expect.unreachable(),
    (error: unknown) => error as Error,
  )

describe("an awaited join", () => {
  it("rejects when its time is up, although the socket never connects", async () => {
    const { socket } = staged({}, { plays: false })
    const join = socket.channel("room:1").join({ timeout: 400 })
    await after(399)
    expect(await fate(join)).toBe("pending")
    await after(1)
    expect((await thrownBy(join)).message).toBe("join of room:1: no answer within 400 ms")
  })

  it("rejects when its time is up, although each attempt to connect fails, and calls no hook", async () => {
    const { socket, stage } = staged({}, { plays: false })
    const timedOut = vi.fn()
    const join = socket.channel("room:1").join({ timeout: 400 }).receive("timeout", timedOut)
    socket.connect()
    await settled()
    stage.line.fail(new Error("refused"))
    stage.line.close(1006)
    await after(400)
    expect(await thrownBy(join)).toBeInstanceOf(TimeoutError)
    expect(timedOut).not.toHaveBeenCalled()
  })

  it("a channel whose awaited join was rejected still joins once the socket connects", async () => {
    const { socket, stage } = staged({}, { plays: false })
    const room = socket.channel("room:1")
    const join = room.join({ timeout: 400 })
    socket.connect()
    await settled()
    stage.line.close(1006)
    await after(400)
    expect(await fate(join)).toBe("timeout")
    while (stage.lines.length < 2 || stage.line.closedByClient) await after(1000)
    stage.line.open()
    stage.line.reply(stage.line.last("phx_join"))
    expect(room.state).toBe("joined")
  })

  it("an awaited socket.join() that fails rejects and leaves the channel", async () => {
    const { socket, stage } = staged({}, { plays: false })
    socket.connect()
    stage.line.open()
    const timers = vi.getTimerCount()
    const join = socket.join("room:1", {}, { timeout: 400 })
    await Promise.all([expect(join).rejects.toBeInstanceOf(TimeoutError), after(400)])
    expect(vi.getTimerCount()).toBe(timers)
  })
})

describe("opened()", () => {
  it("has the last failure as its cause and in its message when its time is up", async () => {
    const { socket, stage } = staged({}, { plays: false })
    const opened = socket.opened({ timeout: 300 })
    socket.connect()
    const failure = new RookeryError("connect_failed", "no server")
    stage.line.fail(failure)
    stage.line.close(1006)
    const [error] = await Promise.all([thrownBy(opened), after(300)])
    expect(error.message).toBe("not connected within 300 ms: no server")
    expect(error.cause).toBe(failure)
  })
})

describe("a join while connect() was not called", () => {
  const warningsOf = async (act: (socket: Socket) => unknown): Promise<unknown[]> => {
    const warn = vi.spyOn(console, "warn").mockReturnValue()
    const { socket } = staged({}, { plays: false })
    await act(socket)
    await after(5000)
    const messages = warn.mock.calls.map(([message]) => message as unknown)
    warn.mockRestore()
    socket.destroy()
    expect(vi.getTimerCount()).toBe(0)
    return messages
  }

  it("is one warning, however many rooms are joined", async () => {
    const joinTwo = (socket: Socket): void => {
      socket.channel("room:1").join()
      socket.channel("room:2").join()
    }
    expect(await warningsOf(joinTwo)).toEqual(["not connected: call connect()"])
    expect(await warningsOf((socket) => void socket.opened().catch(() => {}))).toEqual([
      "not connected: call connect()",
    ])
  })

  it("is no warning if connect() is called soon after it, or the socket is disconnected or destroyed on purpose", async () => {
    const connectLate = async (socket: Socket): Promise<void> => {
      socket.channel("room:1").join()
      await after(2900)
      socket.connect()
    }
    const joinAfterwards = (socket: Socket): void => {
      socket.connect()
      socket.disconnect()
      socket.channel("room:1").join()
    }
    const destroy = (socket: Socket): void => {
      socket.channel("room:1").join()
      socket.destroy()
    }
    for (const act of [connectLate, joinAfterwards, destroy]) expect(await warningsOf(act)).toEqual([])
  })
})

describe("a refused join", () => {
  const refuse = async (listen: (room: ReturnType<ReturnType<typeof staged>["socket"]["channel"]>) => void) => {
    const warn = vi.spyOn(console, "warn").mockReturnValue()
    const { socket, stage } = staged({}, { plays: false })
    socket.connect()
    stage.line.open()
    listen(socket.channel("room:private"))
    for (let tries = 1; tries <= 3; tries++) {
      await after(20_000)
      const joins = stage.line.of("phx_join")
      stage.line.reply(joins.at(-1) as (typeof joins)[number], "error", { reason: "unauthorized" })
    }
    const messages = warn.mock.calls.map(([message]) => message as unknown)
    warn.mockRestore()
    socket.destroy()
    return messages
  }

  it("is one warning, however often it is tried, if the application does not listen", async () => {
    expect(await refuse((room) => room.join({ timeout: 60_000 }))).toEqual([
      "join of room:private was refused: unauthorized",
    ])
  })

  it("is no warning if it is awaited, or listened to", async () => {
    expect(await refuse((room) => void room.join({ timeout: 60_000 }).catch(() => {}))).toEqual([])
    expect(await refuse((room) => room.join({ timeout: 60_000 }).receive("error", () => {}))).toEqual([])
  })
})

describe("the outcome of a push", () => {
  it("says in its message which push was refused and why", async () => {
    const { room, stage } = await joined()
    const push = room.push("enqueue", {})
    stage.line.reply(stage.line.last("enqueue"), "error", { reason: "invalid payload" })
    expect((await thrownBy(push)).message).toBe('push "enqueue" to room:1 was refused: invalid payload')
  })

  it("says the status of a refusal without a reason", () => {
    for (const response of [null, undefined, {}, "no", { reason: "" }]) {
      expect(new PushError("push", "busy", response).message).toBe("push was refused: busy")
    }
  })

  it("says of a push whose time is up why the room is not joined, if its join was refused", async () => {
    const { socket, stage } = staged({}, { plays: false })
    socket.connect()
    await settled()
    stage.line.open()
    const room = socket.channel("room:1")
    const join = thrownBy(room.join())
    const push = thrownBy(room.push("new_msg", {}, 50))
    const late = thrownBy(room.push("new_msg", {}, 5000))
    stage.line.reply(stage.line.last("phx_join"), "error", { reason: "unauthorized" })
    await after(50)
    const [refusal, error] = await Promise.all([join, push])
    expect(error.message).toBe(
      'push "new_msg" to room:1: no answer within 50 ms: join of room:1 was refused: unauthorized',
    )
    expect(error.cause).toEqual(refusal)
    await after(1000)
    // Joined by the next attempt: the refusal is not why this push has no answer.
    stage.line.reply(stage.line.last("phx_join"))
    await after(5000)
    expect((await late).message).toBe('push "new_msg" to room:1: no answer within 5000 ms')
  })

  it("comes as a value by resultOf(), which does not throw", async () => {
    const { room, stage } = await joined()
    const results = [resultOf(room.push("a", {})), resultOf(room.push("b", {})), resultOf(room.push("c", {}, 50))]
    stage.line.reply(stage.line.last("a"), "ok", { id: 1 })
    stage.line.reply(stage.line.last("b"), "error", { reason: "full" })
    await after(50)
    const [a, b, c] = await Promise.all(results)
    expect(a).toEqual({ ok: true, response: { id: 1 } })
    expect(b).toMatchObject({ ok: false, error: { code: "refused", response: { reason: "full" } } })
    expect(c).toMatchObject({ ok: false, error: { code: "timeout" } })
  })

  it("is told apart by guards", () => {
    const refusal = new PushError("push", "error", {})
    expect([refusal, new TimeoutError("timeout", "late"), new Error("other"), null].map(isRookeryError)).toEqual([
      true,
      true,
      false,
      false,
    ])
    expect([refusal, new TimeoutError("timeout", "late"), undefined].map((error) => isRefused(error))).toEqual([
      true,
      false,
      false,
    ])
  })
})
