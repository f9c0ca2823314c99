import { setTimeout as wait } from "node:timers/promises"
import { WebSocket } from "ws"
import { longPoll, Socket, webSocket, type SocketOptions, type WebSocketClass } from "rookery"
import { msgpack } from "rookery/msgpack"
import { Endpoint } from "rookery/server"
import type { Chance } from "../random.js"

/** An endpoint on a free port, with a room that uses all features of rooms. */
export interface Server {
  readonly endpoint: Endpoint
  readonly url: string
  readonly errors: unknown[]
  close(): Promise<void>
}

export async function startServer(): Promise<Server> {
  const errors: unknown[] = []
  const limits = {
    pushesPerSecond: Infinity,
    framesPerSecond: Infinity,
    connectsPerSecond: Infinity,
    connectionsPerAddress: Infinity,
    pollWindowMs: 4000,
  }
  const endpoint = new Endpoint({
    logger: false,
    limits,
    connect: ({ params }) => ({ id: String((params as { id?: string }).id) }),
  })
  endpoint.on("error", (error) => errors.push(error))
  endpoint.channel("room:*", {
    history: { size: 50, ttl: 60_000 },
    join: ({ params }) => ({ params }),
    joined: (room) => room.track(room.socket.id ?? "", { here: true }),
    receive: {
      echo: (payload: unknown) => payload,
      shout(payload: unknown, room) {
        room.broadcast("shout", payload as object)
        return {}
      },
    },
  })
  const { port } = await endpoint.listen({ port: 0, host: "127.0.0.1" })
  const close = (): Promise<void> => endpoint.close({ deadlineMs: 0 })
  return { endpoint, url: `ws://127.0.0.1:${port}/socket`, errors, close }
}

/** The number of looks, one every 10 ms for two minutes. */
const LOOKS = 12_000
const TRANSPORT = webSocket({ WebSocket: WebSocket as unknown as WebSocketClass })

/** The ends of connections, in turn. */
const ENDS = ["destroy", "disconnect", "leave and disconnect", "the server closes", "cut"] as const

/** Connects, joins, pushes and goes. Returns the number of answered pushes. */
export async function cycle(server: Server, n: number, chance: Chance): Promise<number> {
  const id = `user:${n}`
  const polls = n % 50 === 49
  const options: SocketOptions = {
    transport: polls ? longPoll() : TRANSPORT,
    params: { id },
    reconnectAfterMs: () => false,
    ...(n % 2 === 1 && !polls && { serializer: msgpack() }),
  }
  const socket = new Socket(server.url, options)
  const gone = new Promise<void>((resolve) => void socket.onClose(() => resolve()))
  socket.connect()
  await socket.opened({ timeout: 20_000 })
  const room = await socket.join(`room:${chance.below(20)}`)
  room.on("shout", () => {})
  const answers = await Promise.all([room.push("echo", { n }), room.push("shout", { n }), room.push("echo", { n })])
  const end = ENDS[n % ENDS.length]
  if (end === "disconnect") await new Promise<void>((resolve) => socket.disconnect(resolve))
  else if (end === "leave and disconnect") {
    await room.leave()
    await new Promise<void>((resolve) => socket.disconnect(resolve))
  } else if (end === "the server closes") {
    server.endpoint.disconnect(id)
    await gone
  } else if (end === "cut") socket.disconnect(undefined, 4000, "cut")
  socket.destroy()
  return answers.length
}

/** Makes `count` pushes on one connection, `atOnce` of them at once. Returns the number of right answers. */
export async function pushes(server: Server, count: number, atOnce = 500): Promise<number> {
  const socket = new Socket(server.url, { transport: TRANSPORT, params: { id: "pusher" } })
  socket.connect()
  const room = await socket.join("room:pushes")
  let answered = 0
  let sent = 0
  const one = async (): Promise<void> => {
    while (sent < count) {
      const n = sent++
      const answer = (await room.push("echo", { n })) as { n: number }
      if (answer.n === n) answered++
    }
  }
  await Promise.all(Array.from({ length: atOnce }, one))
  socket.destroy()
  return answered
}

/** Waits until the endpoint holds no client, or gives up. A long-poll session ends some time after its last poll. */
export async function emptied({ endpoint }: Server): Promise<boolean> {
  for (let i = 0; i < LOOKS; i++) {
    const { rookery_sockets, rookery_channels, rookery_presences } = endpoint.counters()
    if (rookery_sockets + rookery_channels + rookery_presences === 0) return true
    await wait(10)
  }
  return false
}

/** The resources that keep the process alive, by kind, without the runtime's own; and the listeners of the process. */
export function handles(): Record<string, number> {
  const counted: Record<string, number> = {}
  for (const kind of process.getActiveResourcesInfo()) {
    if (/TCP|HTTP|Timeout|Immediate/.test(kind)) counted[kind] = (counted[kind] ?? 0) + 1
  }
  counted["listeners of the process"] = process.eventNames().reduce((all, name) => all + process.listenerCount(name), 0)
  return counted
}
