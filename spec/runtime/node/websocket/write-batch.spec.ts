import { describe, expect, it } from "vitest"
import {
  NO_FRAMES,
  WriteBatch,
  type BatchTarget,
  type FrameChain,
} from "../../../../lib/runtime/node/websocket/write-batch.js"

/** A socket that keeps what it would write. */
class Target implements BatchTarget {
  pending: FrameChain = NO_FRAMES
  readonly written: Buffer[] = []

  flush(): void {
    this.written.push(...this.pending.buffers())
    this.pending = NO_FRAMES
  }
}

function send(batch: WriteBatch, targets: readonly Target[], frames: readonly string[]): void {
  for (const frame of frames) {
    const bytes = Buffer.from(frame)
    for (const target of targets) batch.add(target, bytes)
  }
}

const targets = (count: number): Target[] => Array.from({ length: count }, () => new Target())
const textOf = ({ written }: Target): string => Buffer.concat(written).toString()

describe("a write batch", () => {
  it("joins the frames of a turn once for all sockets that get the same", () => {
    const batch = new WriteBatch()
    const room = targets(3)
    send(batch, room, ["a", "b", "c"])
    batch.flush()
    expect(room.map(textOf)).toEqual(["abc", "abc", "abc"])
    expect(new Set(room.flatMap(({ written }) => written)).size).toBe(1)
  })

  it("joins them once for each serializer when sockets of several take turns", () => {
    const batch = new WriteBatch()
    const room = targets(8)
    for (const message of ["1", "2"]) {
      const json = Buffer.from(`j${message}`)
      const msgpack = Buffer.from(`m${message}`)
      room.forEach((target, i) => batch.add(target, i % 2 === 0 ? json : msgpack))
    }
    batch.flush()
    expect(room.map(textOf)).toEqual(["j1j2", "m1m2", "j1j2", "m1m2", "j1j2", "m1m2", "j1j2", "m1m2"])
    expect(new Set(room.flatMap(({ written }) => written)).size).toBe(2)
  })

  it("keeps the order of a socket that gets a frame of its own in between", () => {
    const batch = new WriteBatch()
    const [sender, other] = targets(2) as [Target, Target]
    send(batch, [sender, other], ["a"])
    send(batch, [sender], ["reply"])
    send(batch, [sender, other], ["b"])
    batch.flush()
    expect([sender, other].map(textOf)).toEqual(["areplyb", "ab"])
  })

  it("begins anew after a flush", () => {
    const batch = new WriteBatch()
    const [target] = targets(1) as [Target]
    const frame = Buffer.from("a")
    batch.add(target, frame)
    batch.flush()
    batch.add(target, frame)
    batch.flush()
    expect(target.written.map(String)).toEqual(["a", "a"])
  })
})
