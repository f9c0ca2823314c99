import { RpcTarget, type RpcStub } from "capnweb"
import { afterEach, describe, expect, it, vi } from "vitest"
import { longPoll, Socket, type Channel, type SocketOptions } from "rookery"
import { msgpack } from "rookery/msgpack"
import { rpcSession, serveRpc, type ChannelRpc, type RpcServerOptions } from "rookery/rpc"
import { Endpoint, Refused, type EndpointOptions } from "rookery/server"
import { inProcess } from "rookery/testing"
import { Gate } from "../support/gate.js"
import { PATIENCE } from "../support/patience.js"

const open: (() => unknown)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

class Counter extends RpcTarget {
  value = 0
  disposed = 0
  increment(by = 1): number {
    return (this.value += by)
  }
  [Symbol.dispose](): void {
    this.disposed++
  }
}

class Api extends RpcTarget {
  readonly counter = new Counter()
  disposed = 0
  held: RpcStub<(text: string) => unknown> | undefined
  constructor(readonly name: string) {
    super()
  }
  hello(): string {
    return `hello, ${this.name}`
  }
  getCounter(): Counter {
    return this.counter
  }
  async callBack(callback: (text: string) => unknown): Promise<string> {
    return `heard ${String(await callback("ping"))}`
  }
  hold(callback: RpcStub<(text: string) => unknown>): void {
    this.held = callback.dup()
  }
  reverse(bytes: Uint8Array): Uint8Array {
    return Uint8Array.from(bytes).reverse()
  }
  fail(): never {
    throw Object.assign(new RangeError("out of range", { cause: "a secret" }), { password: "hunter2" })
  }
  never(): Promise<never> {
    return new Promise(() => {})
  }
  [Symbol.dispose](): void {
    this.disposed++
  }
}

interface Stage {
  endpoint: Endpoint
  apis: Api[]
  url: string
  connect(options?: SocketOptions): Socket
}

async function staged(options: EndpointOptions = {}, rpcOptions?: RpcServerOptions): Promise<Stage> {
  const endpoint = new Endpoint({
    logger: false,
    connect: ({ params }) => ({ id: "everybody", assigns: { name: params["name"] ?? "Ada" } }),
    ...options,
  })
  const apis: Api[] = []
  const main = ({ topic, socket }: { topic: string; socket: { assigns: { name: string } } }): Api => {
    if (topic === "rpc:secret") throw new Refused({ reason: "unauthorized" })
    const api = new Api(socket.assigns.name)
    apis.push(api)
    return api
  }
  serveRpc(endpoint, "rpc:*", main, rpcOptions)
  endpoint.channel("room:*", { receive: { echo: (payload) => payload } })
  const { port } = await endpoint.listen({ host: "127.0.0.1" })
  open.push(() => endpoint.close({ deadlineMs: 0 }))
  const url = `ws://127.0.0.1:${port}/socket`
  const connect = (socketOptions: SocketOptions = {}): Socket => {
    const socket = new Socket(url, { reconnectAfterMs: () => 1, rejoinAfterMs: () => 1, ...socketOptions })
    open.push(() => socket.destroy())
    socket.connect()
    return socket
  }
  return { endpoint, apis, url, connect }
}

async function session(
  stage: Stage,
  options?: SocketOptions,
): Promise<{ rpc: ChannelRpc<Api>; api: RpcStub<Api>; socket: Socket }> {
  const socket = stage.connect(options)
  const channel = socket.channel("rpc:1")
  const rpc = rpcSession<Api>(channel)
  channel.join()
  return { rpc, api: await rpc.ready(), socket }
}

/** Records the kinds of frames that a socket sends and receives, in order. */
function watched(): { options: SocketOptions; kinds: string[] } {
  const kinds: string[] = []
  return { options: { logger: (kind) => void kinds.push(kind) }, kinds }
}

const WAYS: [string, (stage: Stage) => SocketOptions][] = [
  ["JSON over websocket", () => ({})],
  ["MessagePack over websocket", () => ({ serializer: msgpack() })],
  ["long-poll", () => ({ transport: longPoll() })],
  ["a connection in process", ({ endpoint }) => ({ transport: inProcess(endpoint) })],
]

describe.each(WAYS)("over %s", (_name, optionsFor) => {
  it("calls go there and come back, in both directions", async () => {
    const stage = await staged()
    const { api } = await session(stage, optionsFor(stage))
    expect(await api.hello()).toBe("hello, Ada")
    expect(await api.callBack((text) => `${text} pong`)).toBe("heard ping pong")
  })

  it("bytes arrive as bytes", async () => {
    const stage = await staged()
    const { api } = await session(stage, optionsFor(stage))
    const back = await api.reverse(Uint8Array.of(1, 2, 255))
    expect(Uint8Array.from(back)).toEqual(Uint8Array.of(255, 2, 1))
  })
})

describe("an RPC session", () => {
  it("shares its socket with other rooms", async () => {
    const { api, socket } = await session(await staged())
    const room = await socket.join("room:1")
    expect(await Promise.all([api.hello(), room.push("echo", { n: 1 })])).toEqual(["hello, Ada", { n: 1 }])
  })

  it("begins whether the channel was joined before or is joined after", async () => {
    const socket = (await staged()).connect()
    const channel = await socket.join("rpc:1")
    expect(await (await rpcSession<Api>(channel).ready()).hello()).toBe("hello, Ada")
  })

  it("pipelines: calls on what is not there yet go out at once, in one push", async () => {
    const watch = watched()
    const { api } = await session(await staged(), watch.options)
    watch.kinds.length = 0
    const counter = api.getCounter()
    expect(await Promise.all([counter.increment(2), counter.increment(3)])).toEqual([2, 5])
    expect(watch.kinds.indexOf("receive")).toBe(1)
  })

  it("sends bytes as they are under MessagePack, and as text under JSON", async () => {
    const lengths: number[] = []
    for (const serializer of [undefined, msgpack()]) {
      let largest = 0
      const stage = await staged()
      const way = inProcess(stage.endpoint)
      const transport: typeof way = {
        ...way,
        open(url, options, events) {
          const link = way.open(url, options, events)
          const send = (frame: string | Uint8Array): void => {
            largest = Math.max(largest, frame.length)
            link.send(frame)
          }
          return { send, close: (code, reason) => link.close(code, reason), bufferedAmount: 0 }
        },
      }
      const { api } = await session(stage, { transport, serializer })
      await api.reverse(new Uint8Array(30_000))
      lengths.push(largest)
    }
    expect(lengths[0]).toBeGreaterThan(40_000)
    expect(lengths[1]).toBeLessThan(30_200)
  })

  it("carries a burst of calls, in order", async () => {
    const stage = await staged()
    // The answers of a burst come late on a busy machine.
    const { api } = await session(stage, { timeout: PATIENCE.timeout })
    using counter = await api.getCounter()
    const calls = Array.from({ length: 5000 }, () => counter.increment())
    expect((await Promise.all(calls)).at(-1)).toBe(5000)
    expect(stage.apis[0]?.counter.value).toBe(5000)
  })

  it("carries much at once without making a frame that is too large", async () => {
    const { api } = await session(await staged())
    const calls = Array.from({ length: 60 }, () => api.reverse(new Uint8Array(30_000)))
    expect((await Promise.all(calls)).map(({ length }) => length)).toEqual(calls.map(() => 30_000))
  })

  it("breaks with a clear error where the server takes no more pushes", async () => {
    const { api } = await session(await staged({ limits: { pushesPerSecond: 1, pushBurst: 3 } }))
    const call = async (): Promise<void> => {
      for (;;) await api.hello()
    }
    await expect(call()).rejects.toMatchObject({ code: "refused", response: { reason: "too many pushes" } })
  })

  it("goes on where a handler of sessions throws, and tells the socket", async () => {
    const { rpc, socket } = await session(await staged())
    const errors: unknown[] = []
    socket.onError((error) => errors.push(error))
    const bug = new Error("a bug")
    const heard = vi.fn()
    rpc.onSession(() => {
      throw bug
    })
    rpc.onSession(heard)
    expect([heard.mock.calls.length, errors]).toEqual([1, [bug]])
    const channel = socket.channel("rpc:2")
    const second = rpcSession<Api>(channel)
    second.onSession(() => {
      throw bug
    })
    second.onSession(heard)
    channel.join()
    const api = await second.ready()
    expect([heard.mock.calls.length, errors]).toEqual([2, [bug, bug]])
    expect(await api.hello()).toBe("hello, Ada")
    expect(await (await second.ready()).hello()).toBe("hello, Ada")
  })

  it("leaves nothing behind of what was disposed of", async () => {
    const stage = await staged()
    const { rpc, api } = await session(stage)
    const before = rpc.stats()
    {
      using counter = await api.getCounter()
      await counter.increment()
      await api.hold((text) => text)
      stage.apis[0]?.held?.[Symbol.dispose]()
    }
    await api.hello()
    await vi.waitFor(() => expect(rpc.stats()).toEqual(before), PATIENCE)
  })

  it("tells errors without their stacks, causes and whatever else is on them", async () => {
    const { api } = await session(await staged())
    const error = (await Promise.resolve(api.fail()).catch((error: unknown) => error)) as RangeError & {
      password?: string
    }
    expect(error).toMatchObject({ name: "RangeError", message: "out of range" })
    expect(error.cause).toBeUndefined()
    expect(error.password).toBeUndefined()
    expect(error.stack ?? "").not.toContain("rpc.node.spec")
  })

  it("is refused with the join", async () => {
    const stage = await staged()
    const channel = stage.connect().channel("rpc:secret")
    const rpc = rpcSession<Api>(channel)
    await expect(channel.join()).rejects.toMatchObject({ response: { reason: "unauthorized" } })
    expect(() => rpc.main).toThrow(expect.objectContaining({ code: "disconnected" }))
    channel.leave()
    await expect(rpc.ready()).rejects.toMatchObject({ code: "channel_closed" })
  })
})

describe("when the connection drops", () => {
  it("stubs break with an error that says so, and a new session is there after the rejoin", async () => {
    const stage = await staged()
    const { rpc, api } = await session(stage)
    const mains: RpcStub<Api>[] = []
    let second = (): void => {}
    const again = new Promise<void>((resolve) => (second = resolve))
    rpc.onSession((main) => mains.push(main) === 2 && second())
    const broken = vi.fn()
    api.onRpcBroken(broken)
    const pending = Promise.resolve(api.never()).catch((error: unknown) => error)
    stage.endpoint.disconnect("everybody")
    expect(await pending).toMatchObject({ code: "disconnected" })
    expect(broken).toHaveBeenCalledOnce()
    await expect(api.hello()).rejects.toMatchObject({ code: "disconnected" })
    await again
    expect(mains[0]).toBe(api)
    expect(await rpc.main.hello()).toBe("hello, Ada")
    expect(stage.apis).toHaveLength(2)
    await vi.waitFor(() => expect(stage.apis[0]?.disposed).toBe(1), PATIENCE)
    expect(stage.apis[1]?.disposed).toBe(0)
  })

  it("the server's stubs of the client break too", async () => {
    const stage = await staged()
    const { api, socket } = await session(stage)
    await api.hold((text) => text)
    const held = stage.apis[0]?.held
    socket.disconnect()
    await vi.waitFor(async () => expect(await held?.("x")?.then(undefined, () => "broken")).toBe("broken"), PATIENCE)
  })

  it("leaving ends the session for good", async () => {
    const stage = await staged()
    const socket = stage.connect()
    const channel = await socket.join("rpc:1")
    const rpc = rpcSession<Api>(channel)
    const api = await rpc.ready()
    await channel.leave()
    await expect(api.hello()).rejects.toMatchObject({ code: "channel_closed" })
    await expect(rpc.ready()).rejects.toMatchObject({ code: "channel_closed" })
    await vi.waitFor(() => expect(stage.apis[0]?.disposed).toBe(1), PATIENCE)
  })

  it("a session that is closed before it has opened is not opened on the server", async () => {
    const stage = await staged()
    const channel = await stage.connect().join("rpc:1")
    rpcSession<Api>(channel).close()
    expect(await (await rpcSession<Api>(channel).ready()).hello()).toBe("hello, Ada")
    expect(stage.apis.length).toBe(1)
  })

  it("closing ends the session, and leaves the channel", async () => {
    const stage = await staged()
    const channel = await stage.connect().join("rpc:1")
    const rpc = rpcSession<Api>(channel)
    const api = await rpc.ready()
    rpc.close()
    await expect(api.hello()).rejects.toMatchObject({ code: "channel_closed" })
    expect(channel.state).toBe("joined")
    await vi.waitFor(() => expect(stage.apis[0]?.disposed).toBe(1), PATIENCE)
    expect(await (await rpcSession<Api>(channel).ready()).hello()).toBe("hello, Ada")
  })
})

describe("when a session breaks and its channel stays joined", () => {
  const lost = new Error("no answer")

  async function joinedSession(): Promise<{ rpc: ChannelRpc<Api>; channel: Channel; roundTrip(): Promise<unknown> }> {
    const socket = (await staged()).connect()
    const channel = await socket.join("rpc:1")
    const room = await socket.join("room:1")
    return { rpc: rpcSession<Api>(channel), channel, roundTrip: async () => room.push("echo", {}) }
  }

  it("another one begins at once where a message was lost", async () => {
    const { rpc, channel } = await joinedSession()
    const api = await rpc.ready()
    const heard = vi.fn()
    rpc.onSession(() => heard())
    vi.spyOn(channel, "push").mockImplementationOnce(() => Promise.reject(lost) as never)
    await expect(api.hello()).rejects.toThrow("no answer")
    expect(await (await rpc.ready()).hello()).toBe("hello, Ada")
    expect([channel.state, heard.mock.calls.length]).toEqual(["joined", 2])
  })

  it("one more is tried, and no third before the server has answered something or the program asks for one", async () => {
    const { rpc, channel, roundTrip } = await joinedSession()
    const push = channel.push.bind(channel)
    const spy = vi
      .spyOn(channel, "push")
      .mockImplementation(((event: string, payload: object) =>
        "messages" in payload ? Promise.reject(lost) : push(event, payload)) as never)
    let sessions = 0
    await new Promise<void>((resolve) => {
      rpc.onSession((main) => {
        if (++sessions === 2) main.onRpcBroken(() => resolve())
        Promise.resolve(main.hello()).catch(() => {})
      })
    })
    await roundTrip()
    expect(sessions).toBe(2)
    spy.mockImplementationOnce(() => Promise.reject(lost) as never)
    await expect(rpc.ready()).rejects.toBe(lost)
    spy.mockRestore()
    expect(await (await rpc.ready()).hello()).toBe("hello, Ada")
    expect(sessions).toBe(3)
  })

  it("where the program disposed of the main object, another one begins when it asks for one", async () => {
    const { rpc, roundTrip } = await joinedSession()
    const heard = vi.fn()
    rpc.onSession(() => heard())
    {
      using main = await rpc.ready()
      await main.hello()
    }
    await roundTrip()
    expect(heard).toHaveBeenCalledOnce()
    expect(await (await rpc.ready()).hello()).toBe("hello, Ada")
    expect(heard).toHaveBeenCalledTimes(2)
  })
})

describe("a client that goes", () => {
  it.each([
    ["while its join is answered", 0],
    ["while its session opens", 1],
  ])("%s leaves no main object behind", async (_when, last) => {
    const gate = new Gate()
    const apis: Api[] = []
    const endpoint = new Endpoint({ logger: false })
    open.push(() => endpoint.close({ deadlineMs: 0 }))
    const gone = new Promise((resolve) => endpoint.on("socketClosed", resolve))
    serveRpc(endpoint, "rpc:*", async () => {
      if (apis.length === last) await gate.wait()
      const api = new Api("Ada")
      apis.push(api)
      return api
    })
    const { port } = await endpoint.listen({ host: "127.0.0.1" })
    const socket = new Socket(`ws://127.0.0.1:${port}/socket`)
    open.push(() => socket.destroy())
    socket.connect()
    const channel = socket.channel("rpc:1")
    channel.join().catch(() => {})
    for (let opened = 0; opened <= last; opened++) channel.push("rpc", { open: `s${opened}`, probe: 1 }).catch(() => {})
    await gate.begun
    socket.disconnect()
    await gone
    gate.open()
    await vi.waitFor(() => expect(apis.map((api) => api.disposed)).toEqual(Array(last + 1).fill(1)), PATIENCE)
  })
})

describe("a client that means harm", () => {
  it.each([
    ["garbage instead of messages", { id: "x", messages: ["nonsense", 7, null, { a: 1 }] }],
    ["messages without a session", { id: "nobody", messages: [["push", ["pipeline", 0, ["hello"]]]] }],
    ["a session with too long a name", { open: "x".repeat(65), probe: 1 }],
    ["no object", 7],
  ])("breaks nothing but its own room by %s", async (_what, payload) => {
    const stage = await staged()
    const good = await session(stage)
    const evil = await stage.connect().join("rpc:2")
    await evil.push("rpc", { open: "x", probe: 1 })
    await evil.push("rpc", payload).catch(() => {})
    expect(await good.api.hello()).toBe("hello, Ada")
  })

  it("ends its session by holding too many objects", async () => {
    const stage = await staged({}, { maxObjects: 50 })
    const { rpc, api } = await session(stage)
    const held: unknown[] = []
    const broken = new Promise((resolve) => api.onRpcBroken(resolve))
    for (let i = 0; i < 100; i++) {
      held.push(api.getCounter())
      await Promise.resolve()
    }
    expect(await broken).toMatchObject({ code: "disconnected" })
    expect(await (await rpc.ready()).hello()).toBe("hello, Ada")
  })
})
