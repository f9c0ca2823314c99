import { describe, expect, it } from "vitest"
import type { Message } from "../../lib/protocol/message.js"
import { weigh } from "../../lib/protocol/weight.js"
import { decodeShape, HEAVY_SHAPES, type HeavyShape } from "../support/heavy-shapes.js"
import { usedBytes } from "../support/used-bytes.js"

/** The memory of a decoded frame, by V8's count and by Rookery's. */
function bothWeights(shape: HeavyShape, count: number): { real: number; counted: number } {
  const decoded: { message?: Message } = {}
  let keptFrame = 0
  {
    const frame = shape.frame(count)
    decoded.message = decodeShape(shape, frame)
    // A view keeps the frame alive, so the frame counts as a part of the message.
    if (typeof frame !== "string" && holdsBytes(decoded.message.payload)) keptFrame = frame.byteLength
  }
  const counted = weigh(decoded.message, Infinity, shape.serializer === "msgpack" ? "msgpack" : "json")
  const held = usedBytes()
  delete decoded.message
  // msgpackr keeps the strings of the last frame until the next one.
  decodeShape(shape, shape.frame(1))
  return { real: Math.max(held - usedBytes(), keptFrame), counted }
}

const isWithinTwo = (ratio: number): boolean => ratio > 0.5 && ratio < 2

/**
 * The counted weight in proportion to the real one. The process compiles code and frees memory meanwhile, which
 * disturbs a measure of the heap. A measure that is out of bounds is therefore repeated three times at four times the
 * size; the middle one of these counts.
 */
function ratioOf(shape: HeavyShape): number {
  const measure = (count: number): number => {
    const { real, counted } = bothWeights(shape, count)
    return real > 0 ? counted / real : Infinity
  }
  const ratio = measure(Math.ceil(shape.count / 4))
  if (isWithinTwo(ratio)) return ratio
  const again = Array.from({ length: 3 }, () => measure(shape.count)).sort((a, b) => a - b)
  return again[1] as number
}

const holdsBytes = (payload: unknown): boolean =>
  payload instanceof Uint8Array || (Array.isArray(payload) && payload[0] instanceof Uint8Array)

describe("the weight of a decoded message", () => {
  it.each(HEAVY_SHAPES.map((shape) => [`${shape.name} in ${shape.serializer}`, shape] as const))(
    "is within a factor of two of the memory that it takes: %s",
    (_, shape) => {
      const ratio = ratioOf(shape)
      expect(ratio).toBeGreaterThan(0.5)
      expect(ratio).toBeLessThan(2)
    },
  )

  it("is not added up beyond the bound that was asked for", () => {
    const lists = Array.from({ length: 100_000 }, () => [[[]]])
    const bounded = weigh(lists, 1_000_000)
    expect(bounded).toBeGreaterThan(1_000_000)
    expect(bounded).toBeLessThan(1_100_000)
  })

  it("weighing a circular payload stops at the bound", () => {
    const circle: unknown[] = []
    circle.push(circle)
    expect(weigh(circle, 10_000)).toBeGreaterThan(10_000)
  })

  it("the weight of a view includes the buffer that it keeps alive, once", () => {
    const buffer = new ArrayBuffer(65_536)
    const views = Array.from({ length: 10 }, (_, at) => new Uint8Array(buffer, at, 1))
    expect(weigh(views)).toBeGreaterThan(65_536)
    expect(weigh(views)).toBeLessThan(68_000)
  })
})
