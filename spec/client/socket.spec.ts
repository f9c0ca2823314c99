import { describe, expect, it, onTestFinished, vi } from "vitest"
import { Socket, type StatusChange } from "rookery"
import { msgpack } from "rookery/msgpack"
import { after, fate, joined, settled, staged, withFakeTime } from "../support/client.js"
import { StagedTransport } from "../support/staged-transport.js"

withFakeTime()

/** The platform of a socket that has an error to tell, and whether its application listens. */
interface Surroundings {
  reportError?: boolean
  page?: boolean
  listens?: boolean
}

describe("params and tokens", () => {
  it("are asked for anew at every attempt", async () => {
    let n = 0
    const { socket, stage } = staged({ params: () => ({ n: ++n }) })
    socket.connect()
    await settled()
    stage.line.close()
    await after(100)
    expect(stage.lines.map(({ url }) => new URL(url).searchParams.get("n"))).toEqual(["1", "2"])
  })

  it("may be promised", async () => {
    const { socket, stage } = staged({
      params: async () => ({ token: await Promise.resolve("t") }),
      authToken: () => Promise.resolve("a"),
    })
    socket.connect()
    expect([stage.lines.length, socket.status, socket.connectionState()]).toEqual([0, "connecting", "connecting"])
    await socket.opened()
    expect(stage.line.url).toContain("token=t")
    expect(socket.endPointURL()).toContain("token=t")
  })

  it("params and tokens that are plain values connect at once", () => {
    const { socket, stage } = staged({ params: { a: 1 } })
    socket.connect()
    expect(stage.lines).toHaveLength(1)
  })

  it.each([
    [
      "throw",
      () => {
        throw new Error("no token")
      },
    ],
    ["reject", () => Promise.reject(new Error("no token"))],
  ])("params and tokens that %s are reported, and requested again", async (_how, fail) => {
    const params = vi.fn<() => object>(fail).mockImplementationOnce(fail)
    const { socket, stage, errors } = staged({ params })
    socket.connect()
    await settled()
    expect(errors).toMatchObject([{ code: "connect_failed", cause: { message: "no token" } }])
    params.mockReturnValue({})
    await after(100)
    expect([socket.status, stage.lines.length]).toEqual(["connected", 1])
  })

  it("params and tokens that arrive after a disconnect open no connection", async () => {
    let give = (_params: object): void => {}
    const { socket, stage } = staged({ params: () => new Promise<object>((resolve) => (give = resolve)) })
    socket.connect()
    socket.disconnect()
    give({})
    await after(10_000)
    expect([stage.lines.length, socket.status]).toEqual([0, "disconnected"])
  })
})

describe("the status", () => {
  it("tells where the connection stands, and why and until when it is away", async () => {
    const { socket, stage } = staged()
    const seen: [string, StatusChange][] = []
    socket.onStatus((status, change) => seen.push([status, change]))
    socket.connect()
    await settled()
    stage.line.close(4000, "bye")
    await after(10)
    socket.disconnect()
    expect(seen).toMatchObject([
      ["connecting", { tries: 0 }],
      ["connected", { tries: 0 }],
      ["reconnecting", { tries: 1, retryInMs: 10, lost: { code: 4000, reason: "bye" } }],
      ["connected", { tries: 0 }],
      ["disconnected", {}],
    ])
  })

  it("ends at disconnected when the policy gives up", async () => {
    const { socket, stage } = staged({ reconnectAfterMs: (tries) => (tries < 3 ? 10 : false) }, { plays: false })
    socket.connect()
    const opened = socket.opened().catch((error: { code: string }) => error.code)
    for (let i = 0; i < 3; i++) {
      stage.line.close()
      await after(10)
    }
    expect([stage.lines.length, socket.status, await opened]).toEqual([3, "disconnected", "connect_failed"])
  })

  it("ends at disconnected after maxReconnectAttempts, and connect tries anew", async () => {
    const { socket, stage } = staged({ maxReconnectAttempts: 2 }, { plays: false })
    socket.connect()
    for (let i = 0; i < 3; i++) {
      stage.line.close()
      await after(1000)
    }
    expect([stage.lines.length, socket.status]).toEqual([3, "disconnected"])
    stage.plays = true
    socket.connect()
    await settled()
    expect(socket.status).toBe("connected")
  })

  it("comes back at a random time within a second after a server's close with 1000", async () => {
    const { socket, stage } = staged()
    const plans: unknown[] = []
    socket.onStatus((_status, { retryInMs }) => plans.push(retryInMs))
    socket.connect()
    await settled()
    stage.line.close(1000)
    expect(plans.at(-1)).toBe(500)
    await after(500)
    expect(socket.status).toBe("connected")
    socket.destroy()
  })

  it("comes back at once after a heartbeat without an answer, which is closed with 1000 as well", async () => {
    const { socket, stage } = staged()
    const plans: unknown[] = []
    socket.onStatus((_status, { retryInMs, lost }) => plans.push([retryInMs, lost?.code]))
    socket.connect()
    await settled()
    stage.line.isDead = true
    await after(60_000)
    expect(plans).toContainEqual([10, 1000])
    socket.destroy()
  })

  it("hands the reason to the policy", async () => {
    const reconnectAfterMs = vi.fn(() => false as const)
    const { socket, stage } = staged({ reconnectAfterMs }, { plays: false })
    socket.connect()
    const refused = new Error("HTTP 403")
    stage.line.fail(refused)
    stage.line.close(1006)
    expect(reconnectAfterMs).toHaveBeenCalledExactlyOnceWith(1, {
      error: refused,
      code: 1006,
      reason: "",
      wasClean: false,
    })
  })
})

describe("opened", () => {
  it("resolves at once when connected, and for every waiter when that comes", async () => {
    const { socket } = staged()
    const early = [socket.opened(), socket.opened()]
    socket.connect()
    await Promise.all(early)
    await socket.opened()
    expect(socket.isConnected()).toBe(true)
  })

  it("rejects when its time is up or its signal aborted", async () => {
    const { socket } = staged()
    const code = (error: { code: string }): string => error.code
    expect(await socket.opened({ signal: AbortSignal.abort() }).catch(code)).toBe("aborted")
    const late = socket.opened({ timeout: 50 }).catch(code)
    await after(50)
    expect(await late).toBe("timeout")
  })
})

describe("reconnecting", () => {
  it("spreads the first return over seconds when the server restarts", async () => {
    const { socket, stage } = staged()
    socket.connect()
    await settled()
    stage.line.close(1012)
    await after(2499)
    expect(stage.lines).toHaveLength(1)
    await after(1)
    expect(stage.lines).toHaveLength(2)
  })

  it("tries at once when connect is called while waiting", async () => {
    const { socket, stage } = staged({ reconnectAfterMs: () => 60_000 })
    socket.connect()
    await settled()
    stage.line.close()
    socket.connect()
    expect(stage.lines).toHaveLength(2)
    await after(120_000)
    expect(stage.lines).toHaveLength(2)
  })

  it("a socket reconnects at once when the network is back, and tests an open connection", async () => {
    vi.stubGlobal("addEventListener", EventTarget.prototype.addEventListener.bind(new EventTarget()))
    const target = new EventTarget()
    vi.stubGlobal("addEventListener", target.addEventListener.bind(target))
    vi.stubGlobal("removeEventListener", target.removeEventListener.bind(target))
    const { socket, stage } = staged({ reconnectAfterMs: () => 60_000 })
    socket.connect()
    await settled()
    target.dispatchEvent(new Event("online"))
    expect(stage.line.of("heartbeat")).toHaveLength(1)
    await settled()
    stage.line.close()
    target.dispatchEvent(new Event("online"))
    expect(stage.lines).toHaveLength(2)
    socket.destroy()
  })

  it("does without a page that tells nothing, as in React Native", () => {
    vi.stubGlobal("window", {})
    vi.stubGlobal("addEventListener", undefined)
    const { socket, stage } = staged()
    socket.connect()
    expect(stage.lines).toHaveLength(1)
    socket.destroy()
  })

  it("leaves the page alone where that is wanted", () => {
    const addEventListener = vi.fn()
    vi.stubGlobal("addEventListener", addEventListener)
    vi.stubGlobal("document", { addEventListener, visibilityState: "hidden" })
    vi.stubGlobal("window", { addEventListener })
    const { socket } = staged({ pageEvents: false })
    socket.connect()
    expect(addEventListener).not.toHaveBeenCalled()
  })
})

describe("backpressure", () => {
  it("holds pushes back above the high-water mark, in order, and sends them when there is room", async () => {
    const { room, stage } = await joined({ highWaterMark: 100 })
    stage.line.bufferedAmount = 101
    const pushes = [1, 2, 3].map((n) => room.push("n", n))
    await after(500)
    expect(stage.line.of("n")).toEqual([])
    stage.line.bufferedAmount = 100
    await after(20)
    expect(stage.line.of("n").map(({ payload }) => payload)).toEqual([1, 2, 3])
    for (const message of stage.line.of("n")) stage.line.reply(message)
    await Promise.all(pushes)
  })

  it("does not hold back the heartbeat", async () => {
    const { stage } = await joined({ highWaterMark: 100, heartbeatIntervalMs: 1000 })
    stage.line.bufferedAmount = 101
    await after(1000)
    expect(stage.line.of("heartbeat")).toHaveLength(1)
  })

  it("a socket keeps messages that waited when the connection is lost, because they were not sent", async () => {
    const { room, stage } = await joined({ highWaterMark: 100 })
    stage.line.bufferedAmount = 101
    const push = room.push("n", 1)
    stage.line.close()
    expect(await fate(push)).toBe("pending")
    await after(100)
    stage.line.reply(stage.line.last("n"))
    expect(await push).toEqual({})
  })
})

describe("what goes wrong", () => {
  it("reports an error thrown in a handler, and runs the other handlers", async () => {
    const { room, socket, stage, errors } = await joined()
    const fault = new Error("mine")
    const seen: string[] = []
    room.on("x", () => {
      throw fault
    })
    room.on("x", () => seen.push("second"))
    socket.onMessage(() => seen.push("socket"))
    stage.line.send({ topic: "room:1", event: "x" })
    expect([seen, errors]).toEqual([["second", "socket"], [fault]])
  })

  it("does not call an error handler with its own error", async () => {
    const { socket, stage } = await joined()
    const calls = vi.fn(() => {
      throw new Error("again")
    })
    socket.onError(calls)
    const print = vi.spyOn(console, "error").mockImplementation(() => {})
    stage.line.frame("nonsense")
    expect(calls).toHaveBeenCalledOnce()
    expect(print).toHaveBeenCalled()
    print.mockRestore()
  })

  it("an invalid frame is reported, and the connection stays open", async () => {
    const { room, stage, socket, errors } = await joined()
    stage.line.frame("{nonsense")
    stage.line.frame("[1,2]")
    expect(errors).toMatchObject([{ code: "bad_frame" }, { code: "bad_frame" }])
    expect([socket.isConnected(), room.state]).toEqual([true, "joined"])
  })

  it.each([
    ["is printed where nobody listens", {}, { printed: 1, reported: 0 }],
    [
      "goes to reportError on a page where nobody listens",
      { reportError: true, page: true },
      { printed: 0, reported: 1 },
    ],
    ["is printed on a page that has no reportError", { page: true }, { printed: 1, reported: 0 }],
    ["is printed on Deno, whose reportError ends the process", { reportError: true }, { printed: 1, reported: 0 }],
    [
      "goes nowhere else where a listener took it",
      { reportError: true, page: true, listens: true },
      { printed: 0, reported: 0 },
    ],
  ])("%s", async (_what, { reportError, page, listens }: Surroundings, counts) => {
    const report = vi.fn()
    const print = vi.spyOn(console, "error").mockImplementation(() => {})
    onTestFinished(() => print.mockRestore())
    if (reportError) vi.stubGlobal("reportError", report)
    if (page) vi.stubGlobal("window", globalThis)
    const stage = new StagedTransport()
    const socket = new Socket("ws://example.test/socket", { transport: stage })
    if (listens) socket.onError(() => {})
    socket.connect()
    await settled()
    stage.line.frame("{nonsense")
    expect({ printed: print.mock.calls.length, reported: report.mock.calls.length }).toEqual(counts)
    const told = [...print.mock.calls, ...report.mock.calls].flat()
    for (const error of told) expect(error).toMatchObject({ code: "bad_frame" })
    socket.destroy()
  })
})

describe("a link that carries text only", () => {
  it("gets JSON, and its version, whatever the serializer", async () => {
    const opened: string[] = []
    const stage = new StagedTransport({ plays: false })
    const socket = new Socket("ws://example.test/socket", {
      serializer: msgpack(),
      transport: {
        name: "text",
        open(url, options, events) {
          opened.push(url, options.textUrl)
          return stage.open(options.textUrl, options, events)
        },
      },
    })
    socket.connect()
    socket.channel("room:1").join()
    stage.line.open({ textOnly: true })
    expect(opened.map((url) => new URL(url).searchParams.get("vsn"))).toEqual(["3.0.0", "2.0.0"])
    expect(stage.line.last("phx_join").topic).toBe("room:1")
    socket.destroy()
  })
})

describe("destroy", () => {
  it("leaves no timer, no listener and no promise behind", async () => {
    const targets = [new EventTarget(), new EventTarget(), new EventTarget()] as const
    const signals: (AbortSignal | undefined)[] = []
    for (const target of targets) {
      const add = target.addEventListener.bind(target)
      target.addEventListener = (type: string, listener: EventListener, options?: AddEventListenerOptions) => {
        signals.push(options?.signal)
        add(type, listener, options)
      }
    }
    vi.stubGlobal("document", Object.assign(targets[0], { visibilityState: "visible" }))
    vi.stubGlobal("window", targets[1])
    vi.stubGlobal("addEventListener", targets[2].addEventListener)

    const { room, socket, stage } = await joined({ highWaterMark: 0 })
    const joining = socket.channel("room:2")
    stage.plays = false
    const pending = room.push("echo", {})
    stage.line.bufferedAmount = 1
    const held = room.push("held", {})
    const join = joining.join()
    const failed = room.push("gone", {}, { signal: AbortSignal.abort() })
    const iterator = room.messages("x").next()
    const crashed = socket.channel("room:3")
    crashed.join()
    const ping = socket.ping(() => {})
    socket.disconnect()
    const opened = socket.opened()
    socket.destroy()

    expect(ping).toBe(true)
    expect(await fate(pending)).toBe("disconnected")
    expect(await Promise.all([held, join, failed, opened].map(fate))).toEqual([
      "channel_closed",
      "channel_closed",
      "aborted",
      "connect_failed",
    ])
    expect(await iterator).toEqual({ done: true, value: undefined })
    expect([room.state, joining.state, crashed.state]).toEqual(["closed", "closed", "closed"])
    expect(vi.getTimerCount()).toBe(0)
    expect(signals.length).toBeGreaterThan(0)
    expect(signals.every((signal) => signal?.aborted)).toBe(true)
    expect(() => socket.connect()).toThrow(expect.objectContaining({ code: "destroyed" }))
  })

  it("while everything waits leaves no timer behind", async () => {
    const { socket } = staged({ params: () => new Promise<object>(() => {}) })
    socket.connect()
    const room = socket.channel("room:1", () => new Promise<object>(() => {}))
    const outcomes = [room.join(), room.push("n", 1), room.push("n", 2, { retry: true })]
    socket.destroy()
    expect(await Promise.all(outcomes.map(fate))).toEqual(["channel_closed", "channel_closed", "channel_closed"])
    expect(vi.getTimerCount()).toBe(0)
  })

  it("the end of an await using block closes the connection before it destroys the socket", async () => {
    const stage = new StagedTransport()
    {
      await using socket = new Socket("ws://example.test/socket", { transport: stage })
      socket.connect()
      await socket.opened()
    }
    expect(stage.line.closedByClient).toMatchObject({ code: undefined })
    expect(vi.getTimerCount()).toBe(0)
  })
})
