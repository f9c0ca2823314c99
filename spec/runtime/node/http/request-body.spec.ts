import type { IncomingMessage } from "node:http"
import { Readable } from "node:stream"
import { describe, expect, it } from "vitest"
import { HeldBytes, type Holder } from "../../../../lib/server/limits/held-bytes.js"
import { readBody } from "../../../../lib/runtime/node/http/request-body.js"
import { nodeRuntime } from "../../../../lib/runtime/node/platform/node-runtime.js"

/** A request whose body comes in these chunks. */
const requestOf = (chunks: readonly Buffer[]): IncomingMessage =>
  Readable.from(chunks, { objectMode: false }) as IncomingMessage

/** The most that was held for the body at a time. */
class MostHeld extends HeldBytes {
  most = 0

  override note(holder: Holder): void {
    this.most = Math.max(this.most, holder.heldBytes)
  }
}

const bytesOneByOne = (count: number): Buffer[] => Array.from({ length: count }, () => Buffer.from("x"))

describe("the body of a request", () => {
  it("is read whole from chunks of one byte, and takes no more than twice its bytes", async () => {
    const held = new MostHeld(Infinity, nodeRuntime)
    const body = await readBody(requestOf(bytesOneByOne(3000)), { bytes: 1_000_000, ms: Infinity, held })
    expect(body).toBe("x".repeat(3000))
    expect(held.most).toBeLessThanOrEqual(6000)
  })

  it("is too large in ten thousand chunks of one byte, and its connection is destroyed", async () => {
    const request = requestOf(bytesOneByOne(10_000))
    const held = new HeldBytes(Infinity, nodeRuntime)
    expect(await readBody(request, { bytes: 1_000_000, ms: Infinity, held })).toBe("too large")
    expect(request.destroyed).toBe(true)
  })

  it("may be as large as its limit in chunks of a packet", async () => {
    const packets = Array.from({ length: 700 }, () => Buffer.alloc(1460, "x"))
    const held = new HeldBytes(Infinity, nodeRuntime)
    const body = await readBody(requestOf(packets), { bytes: 700 * 1460, ms: Infinity, held })
    expect(body).toHaveLength(700 * 1460)
  })
})
