import { json, longPoll, Socket, webSocket, type MessageSerializer, type SocketOptions, type Transport } from "rookery"
import { msgpack } from "rookery/msgpack"
import { Endpoint } from "rookery/server"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { TcpProxy } from "../support/tcp-proxy.js"

const TRANSPORTS: Record<string, () => Transport> = { websocket: () => webSocket(), "long-poll": () => longPoll() }
const SERIALIZERS: Record<string, () => MessageSerializer> = { JSON: () => json(), MessagePack: () => msgpack() }

const TABLE = Object.keys(TRANSPORTS).flatMap((transport) =>
  Object.keys(SERIALIZERS).map((serializer) => [serializer, transport] as const),
)

const HISTORY_SIZE = 20

interface App {
  readonly endpoint: Endpoint
  /** The proxy between the clients and the endpoint. */
  readonly proxy: TcpProxy
  /** The effects of the pushes, in order. */
  readonly effects: unknown[]
  /** Resolves when the next push of `slow` reaches its handler; `go` lets the handler answer. */
  readonly arrived: Promise<void>
  go(): void
  publish(...numbers: number[]): void
}

async function start(): Promise<App> {
  const effects: unknown[] = []
  let arrive = (): void => {}
  let go = (): void => {}
  const arrived = new Promise<void>((resolve) => (arrive = resolve))
  const gone = new Promise<void>((resolve) => (go = resolve))
  const endpoint = new Endpoint({
    logger: false,
    connect: ({ params }) => ({ id: `user:${params["user"]}` }),
  })
  endpoint.channel("room:*", {
    history: { size: HISTORY_SIZE, ttl: 60_000 },
    receive: {
      shout: (payload, room) => room.broadcastFrom("n", payload),
      async slow(payload, _room, { id }) {
        effects.push([payload, id])
        arrive()
        await gone
        return { call: effects.length }
      },
    },
  })
  endpoint.channel("plain:*", {})
  const { port } = await endpoint.listen()
  const proxy = await TcpProxy.to(port)
  const publish = (...numbers: number[]): void => {
    for (const n of numbers) void endpoint.broadcast("room:1", "n", { n })
  }
  return { endpoint, proxy, effects, arrived, go, publish }
}

let app: App
const sockets: Socket[] = []

beforeEach(async () => {
  app = await start()
})
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await app.proxy[Symbol.asyncDispose]()
  await app.endpoint.close({ deadlineMs: 0 })
})

function enter(user: string, serializer: string, transport: string, options: SocketOptions = {}): Socket {
  const socket = new Socket(`ws://127.0.0.1:${app.proxy.port}/socket`, {
    params: { user },
    serializer: (SERIALIZERS[serializer] as () => MessageSerializer)(),
    transport: (TRANSPORTS[transport] as () => Transport)(),
    reconnectAfterMs: () => 10,
    rejoinAfterMs: () => 10,
    ...options,
  })
  sockets.push(socket)
  socket.connect()
  return socket
}

/** Cuts the connection, runs a function meanwhile, and restores it once the client has noticed. */
async function whileAway(socket: Socket, act: () => unknown): Promise<void> {
  const down = new Promise<void>((resolve) => {
    const ref = socket.onStatus((status) => {
      if (status !== "reconnecting") return
      socket.off([ref])
      resolve()
    })
  })
  app.proxy.cut()
  await down
  await act()
  app.proxy.mend()
}

describe.each(TABLE)("with %s over %s", (serializer, transport) => {
  const numbers = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i)

  it("a client that lost its connection gets the messages that it missed, once and in order", async () => {
    const socket = enter("ada", serializer, transport)
    const room = await socket.join("room:1", {}, { recover: true })
    const told: unknown[] = []
    const messages = room.messages("n")
    room.onRecovered(({ recovered }) => told.push(recovered))
    room.on("n", ({ n }) => told.push(n))
    /** Waits until a number has come. */
    const until = async (last: number): Promise<void> => {
      for (let came; came !== last;) came = (await messages.next()).value.n
    }
    app.publish(1, 2)
    await until(2)
    for (const cut of [1, 2, 3]) {
      await whileAway(socket, () => app.publish(...numbers(10 * cut, 10 * cut + 8)))
      app.publish(10 * cut + 9)
      await until(10 * cut + 9)
    }
    const expected = [1, 2, true, ...numbers(10, 19), true, ...numbers(20, 29), true, ...numbers(30, 39)]
    expect(told).toEqual(expected)
  })

  it("a client that missed too much is told, and goes on with what is new", async () => {
    const socket = enter("ada", serializer, transport)
    const room = await socket.join("room:1", {}, { recover: true })
    const told: unknown[] = []
    room.onRecovered(({ recovered }) => told.push(recovered))
    room.on("n", ({ n }) => told.push(n))
    const rejoined = new Promise((resolve) => room.onRecovered(resolve))
    await whileAway(socket, () => app.publish(...numbers(1, HISTORY_SIZE + 1)))
    await rejoined
    const message = new Promise((resolve) => room.on("n", resolve))
    app.publish(100)
    await message
    expect(told).toEqual([false, 100])
    const { complete, newest, messages } = await room.history({ since: 0, limit: 2 })
    expect({ complete, newest, first: messages[0]?.payload }).toEqual({
      complete: false,
      newest: HISTORY_SIZE + 2,
      first: { n: 3 },
    })
  })

  it("bytes are recovered, and what a client said itself is not", async () => {
    const [ada, bob] = [enter("ada", serializer, transport), enter("bob", serializer, transport)]
    const room = await ada.join("room:1", {}, { recover: true })
    const other = await bob.join("room:1", {}, { recover: true })
    const heard: number[][] = []
    room.on("n", (bytes: ArrayBuffer) => heard.push([...new Uint8Array(bytes)]))
    const theirs = new Promise((resolve) => other.on("n", resolve))
    await room.push("shout", Uint8Array.of(1))
    await theirs
    const second = new Promise((resolve) => room.on("n", resolve))
    await whileAway(ada, () => app.endpoint.broadcast("room:1", "n", Uint8Array.of(2, 255)))
    await second
    expect(heard).toEqual([[2, 255]])
  })

  it("a push is answered once across a cut, and takes effect once", async () => {
    const socket = enter("ada", serializer, transport)
    const room = await socket.join("room:1", {}, { recover: true })
    const answers: unknown[] = []
    const push = room.push("slow", { a: 1 }, { retry: true }).receive("ok", (response) => answers.push(response))
    await app.arrived
    const rejoined = new Promise((resolve) => room.onRecovered(resolve))
    await whileAway(socket, () => {})
    await rejoined
    app.go()
    expect(await push).toEqual({ call: 1 })
    expect(app.effects).toEqual([[{ a: 1 }, expect.any(String)]])
    expect(answers).toEqual([{ call: 1 }])
  })

  it("a push whose answer was lost with the connection gets the answer over the next connection", async () => {
    const socket = enter("ada", serializer, transport)
    const room = await socket.join("room:1", {}, { recover: true })
    const push = room.push("slow", {}, { retry: true })
    await app.arrived
    await whileAway(socket, () => app.go())
    expect(await push).toEqual({ call: 1 })
    expect(app.effects).toHaveLength(1)
  })

  it("a channel without a history is joined all the same, and never said to be whole", async () => {
    const socket = enter("ada", serializer, transport)
    const room = await socket.join("plain:1", {}, { recover: true })
    const told = new Promise((resolve) => room.onRecovered(resolve))
    await whileAway(socket, () => {})
    expect(await told).toEqual({ recovered: false })
  })
})
