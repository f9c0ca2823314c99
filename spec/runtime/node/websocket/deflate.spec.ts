import { constants, inflateRawSync } from "node:zlib"
import { describe, expect, it } from "vitest"
import { DEFLATED } from "../../../../lib/runtime/node/websocket/deflate.js"

const isCompressed = (frame: Buffer): boolean => ((frame[0] as number) & 0x40) !== 0

describe("a frame where permessage-deflate was agreed on", () => {
  it("is deflated up to 128 KiB", () => {
    const frame = DEFLATED.encode("x".repeat(131_072), true)
    expect(isCompressed(frame)).toBe(true)
    expect(frame.length).toBeLessThan(1000)
    const tail = Buffer.from([0x00, 0x00, 0xff, 0xff])
    const payload = Buffer.concat([frame.subarray(4), tail])
    expect(inflateRawSync(payload, { finishFlush: constants.Z_SYNC_FLUSH })).toHaveLength(131_072)
  })

  it("goes out as it is beyond that, so that no message holds up the event loop", () => {
    const frame = DEFLATED.encode("x".repeat(131_073), true)
    expect(isCompressed(frame)).toBe(false)
    expect(frame.subarray(10).toString()).toBe("x".repeat(131_073))
  })
})
