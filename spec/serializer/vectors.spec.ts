import { describe, expect, it } from "vitest"
import { BAD_FRAMES } from "../../fixtures/bad-frames.js"
import { VECTORS } from "../../fixtures/vectors.js"
import { SerializerError } from "../../lib/protocol/errors.js"
import type { IncomingFrame } from "../../lib/serializer/serializer.js"
import { meaningOf, SERIALIZERS } from "../support/serializers.js"

const plain = (frame: string | Uint8Array): unknown => (typeof frame === "string" ? frame : Uint8Array.from(frame))

/** A frame as each platform hands it over: bytes alone in their buffer, or as a view into a larger one. */
function asReceived(frame: string | Uint8Array): [string, IncomingFrame][] {
  if (typeof frame === "string") return [["text", frame]]
  const larger = new Uint8Array(frame.length + 20).fill(0xee)
  larger.set(frame, 7)
  return [
    ["a Uint8Array", Uint8Array.from(frame)],
    ["an ArrayBuffer", Uint8Array.from(frame).buffer],
    ["a view with an offset", larger.subarray(7, 7 + frame.length)],
    ["a Buffer", Buffer.from(larger.buffer, 7, frame.length)],
    ["a Buffer of Node's pool", Buffer.from(frame)],
  ]
}

describe.each(["json", "json-v1", "msgpack", "supabase"] as const)("%s", (name) => {
  describe.each(["client", "server"] as const)("from the %s", (from) => {
    const sender = SERIALIZERS[name][from]
    const receiver = SERIALIZERS[name][from === "client" ? "server" : "client"]
    const vectors = VECTORS.filter((vector) => vector.serializer === name && vector.from === from)

    it.each(vectors.filter(({ only }) => only !== "decode"))("writes $name", ({ message, frame }) => {
      const encoded = sender.encode(message)
      if (typeof frame === "string") expect(JSON.parse(encoded as string)).toEqual(JSON.parse(frame))
      else expect(plain(encoded)).toEqual(plain(frame))
    })

    it.each(vectors.filter(({ only }) => only !== "encode"))("reads $name", ({ message, frame }) => {
      for (const [how, received] of asReceived(frame)) {
        expect(meaningOf(receiver.decode(received)), how).toEqual(meaningOf(message))
      }
    })
  })

  describe.each(["client", "server"] as const)("the %s", (readBy) => {
    const bad = BAD_FRAMES.filter((frame) => frame.serializer === name && frame.readBy === readBy)

    it.each(bad)("refuses $name", ({ frame, says, at }) => {
      for (const [how, received] of asReceived(frame)) {
        const error = errorOf(() => SERIALIZERS[name][readBy].decode(received))
        expect(error, how).toBeInstanceOf(SerializerError)
        expect(error, how).toMatchObject({ code: "bad_frame", at })
        expect((error as SerializerError).message, how).toContain(says)
        if (at !== undefined) expect((error as SerializerError).message, how).toContain(`(at ${at})`)
      }
    })
  })
})

function errorOf(call: () => unknown): unknown {
  try {
    return call()
  } catch (error) {
    return error
  }
}
