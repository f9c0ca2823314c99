import { Duplex } from "node:stream"
import { describe, expect, it } from "vitest"
import { WebSocketLink } from "../../../../lib/runtime/node/websocket/websocket-link.js"
import { WriteBatch } from "../../../../lib/runtime/node/websocket/write-batch.js"
import { nodeRuntime } from "../../../../lib/runtime/node/platform/node-runtime.js"
import { TokenBucket } from "../../../../lib/server/limits/token-bucket.js"
import { Turns } from "../../../../lib/server/limits/turns.js"
import { DEFAULT_LIMITS } from "../../../../lib/protocol/limits.js"
import { runtimeAt } from "../../../support/runtime.js"
import { clientFrame, TEXT } from "../../../hostile/attack/intruder.js"

const CHUNK = 65_536

/** A connection of which the kernel has a whole message, and gives it as Node does: 64 KiB at once, while it is read. */
class FullSocket extends Duplex {
  /** The bytes that the stream has taken so far. */
  taken = 0
  readonly #bytes: Buffer
  #reads = false

  constructor(bytes: Buffer) {
    super({ highWaterMark: 16_384 })
    this.#bytes = Buffer.from(bytes)
  }

  override _read(): void {
    this.#reads = true
  }

  override _write(_chunk: Buffer, _encoding: string, done: () => void): void {
    done()
  }

  /** Gives the stream all that it takes in one turn of the event loop. */
  poll(): void {
    while (this.#reads && this.taken < this.#bytes.length) {
      const chunk = this.#bytes.subarray(this.taken, this.taken + CHUNK)
      this.taken += chunk.length
      this.#reads = this.push(chunk)
    }
  }
}

function open(socket: FullSocket, turns: Turns, { messageMs = 1000, closed = () => {} } = {}): string[] {
  const seen: string[] = []
  const held = { note: () => {}, forget: () => {} }
  const limits = { ...DEFAULT_LIMITS, idleMs: Infinity, messageMs, slowClient: "close" as const }
  const makeBucket = (perSecond: number, burst: number): TokenBucket => new TokenBucket(perSecond, burst)
  const link = new WebSocketLink({
    ...{ socket, turns, held, limits, makeBucket, batch: new WriteBatch() },
    ...{ address: undefined, deflate: undefined, echoClose: false },
  })
  const receive = (data: string | Uint8Array): void => void seen.push(data as string)
  link.start({ receive, closed, limitHit: () => {}, fail: (error) => seen.push(String(error)) }, Buffer.of())
  return seen
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe("websockets that send much at once", () => {
  it("are read a few in a turn of the event loop, all in their turn, and each to its end", async () => {
    const text = "x".repeat(300_000)
    const frame = clientFrame(TEXT, text)
    const sockets = Array.from({ length: 40 }, () => new FullSocket(frame))
    const turns = new Turns(nodeRuntime)
    // However slow the machine is: none of the messages is late.
    const seen = sockets.map((socket) => open(socket, turns, { messageMs: Infinity }))
    const taken = (): number => sockets.reduce((sum, socket) => sum + socket.taken, 0)
    const inTurns: number[] = []
    await turn()
    while (seen.some((messages) => messages.length === 0) && inTurns.length < 1000) {
      const before = taken()
      for (const socket of sockets) socket.poll()
      inTurns.push(taken() - before)
      await turn()
    }
    expect(seen.every(([message]) => message === text)).toBe(true)
    // In the first turn each has one chunk that the endpoint could not know of, and those that it reads.
    expect(Math.ceil((inTurns[0] ?? 0) / CHUNK)).toBeLessThanOrEqual(44)
    expect(Math.ceil(Math.max(...inTurns.slice(1)) / CHUNK)).toBeLessThanOrEqual(6)
    expect(turns.waiting).toBe(0)
  })
})

describe("websockets whose messages take too long", () => {
  it("are closed a few in a turn of the event loop, though all are late at the same time", async () => {
    const clock = { now: 0 }
    const turns = new Turns(runtimeAt(() => clock.now))
    const frame = clientFrame(TEXT, "x".repeat(900)).subarray(0, -1)
    const closedInTurns: number[] = [0]
    const closed = (): void => {
      closedInTurns.push((closedInTurns.pop() ?? 0) + 1)
      // A turn has room for four milliseconds.
      clock.now += 3
    }
    const sockets = Array.from({ length: 10 }, () => new FullSocket(frame))
    for (const socket of sockets) {
      open(socket, turns, { messageMs: -1, closed })
      // The first bytes begin the message, and the next ones are late.
      socket.push(frame.subarray(0, 100))
      socket.push(frame.subarray(100, 200))
    }
    for (let n = 0; n < 8; n++) {
      await turn()
      closedInTurns.push(0)
    }
    expect(closedInTurns.reduce((sum, count) => sum + count, 0)).toBe(10)
    expect(Math.max(...closedInTurns)).toBeLessThanOrEqual(4)
  })
})
