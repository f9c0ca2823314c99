import { describe, expect, it } from "vitest"
import { Broadcast } from "../../lib/server/broadcast.js"
import { json } from "rookery"
import { msgpack } from "rookery/msgpack"

/** A broadcast of another node's, in the middle of what was read at once. */
function travelled(payload: unknown): { broadcast: Broadcast; read: Uint8Array } {
  const body = new Broadcast("room:1", "new_msg", payload).bytes()
  const read = new Uint8Array(64 * 1024)
  read.set(body, 1000)
  return { broadcast: Broadcast.from("room:1", read.subarray(1000, 1000 + body.length)), read }
}

const framesOf = (broadcast: Broadcast): unknown[] =>
  [json(), msgpack()].flatMap((serializer) =>
    [false, true].map((numbered) => {
      const frame = broadcast.encoded(serializer, numbered).frame()
      return frame instanceof Uint8Array ? [...frame] : frame
    }),
  )

describe("a broadcast that a history keeps", () => {
  it.each([[{ text: "hi" }], [new Uint8Array([1, 2, 3])], [{ when: new Date(0), bytes: new Uint8Array([1]) }]])(
    "is written as before once it has let go of what can be made again: %j",
    (payload) => {
      const { broadcast, read } = travelled(payload)
      broadcast.offset = 7
      const before = framesOf(broadcast)
      broadcast.shrink()
      // Whoever owns that memory may write to it.
      read.fill(0)
      expect(framesOf(broadcast)).toEqual(before)
      expect(broadcast.travelled?.frame.buffer.byteLength).toBe(broadcast.travelled?.frame.length)
    },
  )
})
