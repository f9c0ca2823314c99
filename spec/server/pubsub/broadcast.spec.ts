import { describe, expect, it } from "vitest"
import { Broadcast } from "../../../lib/server/pubsub/broadcast.js"
import type { Encoding } from "../../../lib/server/api/shared-frame.js"
import { json, type Frame } from "rookery"
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
      // The owner of that memory may overwrite it.
      read.fill(0)
      expect(framesOf(broadcast)).toEqual(before)
      expect(broadcast.travelled?.frame.buffer.byteLength).toBe(broadcast.travelled?.frame.length)
    },
  )
})

describe("the forms of a broadcast", () => {
  /** An encoding that keeps what it was asked to encode. */
  class Recorder implements Encoding<object> {
    readonly asked: { data: Frame; text: boolean }[] = []

    encode(data: Frame, text: boolean): object {
      const asked = { data, text }
      this.asked.push(asked)
      return asked
    }
  }

  it("are made once for each encoding, however often clients of both ask for them", () => {
    const shared = new Broadcast("room:1", "new_msg", { text: "hi" }).encoded(json())
    const [one, other] = [new Recorder(), new Recorder()]
    const forms = [one, other, one, other].map((encoding) => shared.as(encoding))
    expect(forms[2]).toBe(forms[0])
    expect(forms[3]).toBe(forms[1])
    const asked = [{ data: '[null,null,"room:1","new_msg",{"text":"hi"}]', text: true }]
    expect([one.asked, other.asked]).toEqual([asked, asked])
  })

  it("are made of the bytes that another node sent, without a string in between", () => {
    const recorder = new Recorder()
    travelled({ text: "ä" }).broadcast.encoded(json()).as(recorder)
    expect(recorder.asked).toHaveLength(1)
    const [{ data, text }] = recorder.asked as [{ data: Uint8Array; text: boolean }]
    expect(text).toBe(true)
    expect(new TextDecoder().decode(data)).toBe('[null,null,"room:1","new_msg",{"text":"ä"}]')
  })

  it("are none where the serializer cannot carry the payload", () => {
    const recorder = new Recorder()
    const shared = new Broadcast("room:1", "new_msg", 1n).encoded(json())
    expect(shared.as(recorder)).toBeUndefined()
    expect(shared.error).toMatchObject({ code: "unencodable" })
    expect(recorder.asked).toEqual([])
  })
})
