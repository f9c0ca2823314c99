import { Socket as PhoenixSocket } from "phoenix"
import { Socket, type Frame, type LinkEvents, type Transport } from "rookery"

/** Microseconds that one incoming message takes, in a client with so many rooms. */
export interface Cost {
  readonly rookery: number
  readonly phoenix: number
}

const FRAMES = 256
/** Long enough for the clock of a page, which is not exact. */
const ROUND_MS = 4
/** The quickest round counts: the others were held up by the rest of the machine. */
const ROUNDS = 8

/** A server in the page: it lets a client into every room, and sends it what it is told to. */
class OwnServer implements Transport {
  readonly name = "page"
  #events: LinkEvents | undefined

  open(_url: string, _options: unknown, events: LinkEvents) {
    this.#events = events
    queueMicrotask(() => events.open())
    return {
      bufferedAmount: 0,
      send: (frame: Frame) => {
        const [joinRef, ref, topic] = JSON.parse(String(frame)) as [string, string, string]
        const reply = JSON.stringify([joinRef, ref, topic, "phx_reply", { status: "ok", response: {} }])
        queueMicrotask(() => events.frame(reply))
      },
      close: (code = 1000) => queueMicrotask(() => events.close({ code, reason: "", wasClean: true })),
    }
  }

  send(frame: string): void {
    this.#events?.frame(frame)
  }
}

/** Messages of rooms drawn at random, which every client reads alike. */
const framesFor = (rooms: number): string[] =>
  Array.from({ length: FRAMES }, (_, i) =>
    JSON.stringify([null, null, `room:${Math.floor(Math.random() * rooms)}`, "new_msg", { text: "hello", i }]),
  )

/** Microseconds a message. */
async function measure(frames: readonly string[], receive: (frame: string) => void): Promise<number> {
  const timeOf = (messages: number): number => {
    const begun = performance.now()
    for (let i = 0; i < messages; i++) receive(frames[i % FRAMES] as string)
    return performance.now() - begun
  }
  let messages = 16
  let least = Infinity
  for (let rounds = 0; rounds < ROUNDS;) {
    // The page may draw between the rounds.
    await new Promise((resolve) => setTimeout(resolve))
    const time = timeOf(messages)
    if (time >= ROUND_MS) {
      least = Math.min(least, time)
      rounds++
    } else {
      // Too few for the clock of a page, though a pause of the process may have made an earlier round long enough.
      messages *= 2
      least = Infinity
      rounds = 0
    }
  }
  return (least * 1000) / messages
}

/** Measures both clients in this page, with the same frames. */
export async function costOf(rooms: number): Promise<Cost> {
  const frames = framesFor(rooms)
  const topics = Array.from({ length: rooms }, (_, i) => `room:${i}`)

  const server = new OwnServer()
  const socket = new Socket("ws://page/socket", { transport: server })
  socket.connect()
  await Promise.all(
    topics.map((topic) => {
      const room = socket.channel(topic)
      room.on("new_msg", () => {})
      return room.join()
    }),
  )
  const rookery = await measure(frames, (frame) => server.send(frame))
  socket.destroy()

  // Its rooms need no join to hear a message, and joining ten thousand of them takes it seconds.
  const other = new PhoenixSocket("ws://page/socket") as PhoenixSocket & {
    channels: unknown[]
    onConnMessage(message: { data: string }): void
  }
  for (const topic of topics) other.channel(topic).on("new_msg", () => {})
  const phoenix = await measure(frames, (data) => other.onConnMessage({ data }))
  // The page's listeners of a phoenix socket are never removed, and would keep its rooms.
  other.channels = []
  return { rookery, phoenix }
}
