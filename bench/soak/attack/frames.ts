import { deflateRawSync, constants } from "node:zlib"
import { BINARY, clientFrame, CONTINUATION, messageFrame, PING, TEXT } from "../../../spec/hostile/attack/intruder.js"
import type { Arena, Attack } from "./arena.js"

const FLOODERS = 20
/** The frames of one write, as many as a system reads at once. */
const AT_ONCE = 1000

const times = (frame: Buffer, count: number): Buffer => Buffer.concat(Array.from({ length: count }, () => frame))

/** Connects, sends a first frame if there is one, and then the same frames without end. */
async function flooding(arena: Arena, first: Buffer | undefined, frame: Buffer, atOnce = AT_ONCE): Promise<void> {
  const intruder = await arena.enter()
  if (first !== undefined) intruder.send(first)
  await arena.flood(intruder, times(frame, atOnce), atOnce)
  await arena.end(intruder)
}

const EMPTY = new Uint8Array()

/** A compressed message that takes a thousandth of its size on the wire. */
function packed(text: string): Buffer {
  const data = deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH })
  return clientFrame(TEXT, data.subarray(0, -4), { compressed: true })
}

const DEFLATE = "sec-websocket-extensions: permessage-deflate"
const PACKED = "/packed/websocket?vsn=2.0.0"
const heartbeat = (payload: unknown): unknown[] => [null, "1", "phoenix", "heartbeat", payload]

export const frames: readonly Attack[] = [
  {
    name: "frames of one byte",
    tried: "text of one byte, bytes of one byte",
    counted: ["rejected"],
    run: (arena) =>
      arena.crowd(FLOODERS, async () => {
        const intruder = await arena.enter()
        await arena.flood(intruder, times(clientFrame(arena.chance.of([TEXT, BINARY]), "x"), 10), 10)
        await arena.end(intruder)
      }),
  },
  {
    name: "fragments of one byte",
    tried: "fragments of one byte, without end",
    counted: ["framesPerSecond"],
    run: (arena) =>
      arena.crowd(FLOODERS, () =>
        flooding(arena, clientFrame(TEXT, "x", { fin: false }), clientFrame(CONTINUATION, "x", { fin: false })),
      ),
  },
  {
    name: "empty fragments",
    tried: "fragments of nothing, without end",
    counted: ["framesPerSecond"],
    run: (arena) =>
      arena.crowd(FLOODERS, () =>
        flooding(arena, clientFrame(TEXT, EMPTY, { fin: false }), clientFrame(CONTINUATION, EMPTY, { fin: false })),
      ),
  },
  {
    name: "large fragments",
    tried: "fragments of 16 KiB, without end",
    counted: ["messageBytes"],
    run: (arena) =>
      arena.crowd(FLOODERS, () => {
        const piece = "x".repeat(16_384)
        const first = clientFrame(TEXT, piece, { fin: false })
        return flooding(arena, first, clientFrame(CONTINUATION, piece, { fin: false }), 10)
      }),
  },
  {
    name: "large frames",
    tried: "headers that announce more than may come, up to 2^63 bytes",
    counted: ["frameBytes"],
    run: (arena) =>
      arena.crowd(FLOODERS, async () => {
        arena.tried()
        const intruder = await arena.enter()
        const header = Buffer.alloc(14)
        header.set([0x82, 0xff])
        header.writeBigUInt64BE(2n ** BigInt(21 + arena.chance.below(42)), 2)
        intruder.send(header)
        await arena.end(intruder)
      }),
  },
  {
    name: "pings",
    tried: "pings of 125 bytes, as fast as they are taken",
    counted: ["framesPerSecond"],
    run: (arena) => arena.crowd(FLOODERS, () => flooding(arena, undefined, clientFrame(PING, "x".repeat(125)))),
  },
  {
    name: "heartbeats",
    tried: "heartbeats, as fast as they are taken",
    counted: ["framesPerSecond"],
    run: (arena) => arena.crowd(FLOODERS, () => flooding(arena, undefined, messageFrame(...heartbeat({})))),
  },
  {
    name: "bombs",
    tried: "compressed frames that inflate to 16 MiB, 1,000 times their size",
    counted: ["messageBytes"],
    run: (arena) => {
      const bomb = packed("x".repeat(16 << 20))
      return arena.crowd(FLOODERS, async () => {
        arena.tried()
        const intruder = await arena.enter(PACKED, [DEFLATE])
        intruder.send(bomb)
        await arena.end(intruder)
      })
    },
  },
  {
    name: "small bombs",
    tried: "compressed heartbeats of just 1 MiB, as fast as they are taken",
    counted: ["framesPerSecond"],
    run: (arena) => {
      const bomb = packed(JSON.stringify(heartbeat("x".repeat(1_048_000))))
      return arena.crowd(10, async () => {
        const intruder = await arena.enter(PACKED, [DEFLATE])
        await arena.flood(intruder, times(bomb, 10), 10)
        await arena.end(intruder)
      })
    },
  },
]
