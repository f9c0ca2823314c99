import type { Round, Scenario } from "../harness/scenario.js"
import { perCall } from "../harness/stopwatch.js"
import { serializer, SERIALIZERS, type BenchCodec, type BenchFrame } from "./codecs.js"
import { exchanges, type BenchMessage } from "./messages.js"

// Different frames, so that none is read twice in a row, and few enough to stay in the cache.
const MESSAGES = 256

const sizeOf = (frame: BenchFrame): number => (typeof frame === "string" ? Buffer.byteLength(frame) : frame.byteLength)

/** Bytes as the platform hands them over: an ArrayBuffer in a browser, a Buffer by `ws` on a server. */
function received(frame: BenchFrame, by: "client" | "server"): BenchFrame {
  if (typeof frame === "string") return frame
  const copy = Uint8Array.from(frame instanceof ArrayBuffer ? new Uint8Array(frame) : frame)
  return by === "client" ? copy.buffer : Buffer.from(copy.buffer)
}

function encodeRound(codec: BenchCodec, messages: readonly BenchMessage[]): () => number {
  let last: BenchFrame = ""
  const round = perCall((at) => (last = codec.encode(messages[at % MESSAGES] as BenchMessage)))
  return () => {
    const took = round()
    if (sizeOf(last) === 0) throw new Error("nothing was encoded")
    return took
  }
}

function decodeRound(codec: BenchCodec, frames: readonly BenchFrame[], event: string): () => number {
  let wrong = 0
  const round = perCall((at) => {
    if (codec.decode(frames[at % MESSAGES] as BenchFrame).event !== event) wrong++
  })
  return () => {
    const took = round()
    if (wrong > 0) throw new Error(`${wrong} frames were decoded to something else`)
    return took
  }
}

export const serializers: Scenario = {
  name: "serializers",
  title: "Encoding and decoding one message",
  subjects: SERIALIZERS,
  caseTitle: "message",
  cases: Object.keys(exchanges),
  metrics: {
    "client encodes": "ns",
    "server decodes": "ns",
    "server encodes": "ns",
    "client decodes": "ns",
    "frame to the server": "bytes",
    "frame to the client": "bytes",
  },
  launches: 3,
  warmUp: 2,
  rounds: 5,

  async prepare(name, of): Promise<Round> {
    const { client, server } = await serializer(name)
    // phoenix.js has no server, so its frames come from a server that writes the same JSON.
    const writer = server ?? (await serializer("json()")).server
    const exchange = exchanges[of]
    if (exchange === undefined || writer === undefined) throw new Error(`no message ${of}`)
    const rounds: Record<string, () => number> = {}
    const add = (direction: "server" | "client", from: BenchCodec, to: BenchCodec | undefined, own: boolean): void => {
      const make = direction === "server" ? exchange.toServer : exchange.toClient
      if (make === undefined) return
      const messages = Array.from({ length: MESSAGES }, (_, n) => make(n))
      const frames = messages.map((message) => received(from.encode(message), direction))
      const sender = direction === "server" ? "client" : "server"
      rounds[`frame to the ${direction}`] = () => sizeOf(frames.at(-1) as BenchFrame)
      if (own) rounds[`${sender} encodes`] = encodeRound(from, messages)
      if (to !== undefined) rounds[`${direction} decodes`] = decodeRound(to, frames, make(0).event)
    }
    add("server", client, server, true)
    add("client", writer, client, server !== undefined)
    return () => Object.fromEntries(Object.entries(rounds).map(([metric, round]) => [metric, round()]))
  },
}
