import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { SerializerError } from "../../lib/protocol/errors.js"
import type { Message, Ref } from "../../lib/protocol/message.js"
import { anyBytes, anyJson, anyMessage, anyText, check, withoutNegativeZero } from "../support/arbitraries.js"
import { meaningOf, SERIALIZERS, type SerializerName } from "../support/serializers.js"

const NAMES = ["json", "json-v1", "msgpack", "msgpack-map", "msgpack-v2", "msgpack-json"] as const
const ENDS = [
  ["client", "server"],
  ["server", "client"],
] as const

const asText = (ref: Ref): Ref => (typeof ref === "number" ? String(ref) : ref)

/** The message that reaches the other end. */
function expected(name: SerializerName, to: "client" | "server", message: Message): unknown {
  const sent = withoutNegativeZero(message) as Message
  if (to === "server") return sent
  // V1's server sends no join_ref.
  const received = name === "json-v1" || name === "msgpack-map" ? { ...sent, join_ref: null } : sent
  if (!name.startsWith("msgpack")) return received
  // Some servers count refs in numbers, so the client reads them as text.
  return { ...received, join_ref: asText(received.join_ref), ref: asText(received.ref) }
}

describe.each(NAMES)("%s", (name) => {
  describe.each(ENDS)("from the %s to the %s", (from, to) => {
    const { [from]: sender, [to]: receiver } = SERIALIZERS[name]

    it("carries any message", () => {
      check(anyMessage(anyJson), (message) => {
        expect(meaningOf(receiver.decode(sender.encode(message)))).toEqual(expected(name, to, message))
      })
    })

    it("carries any reply", () => {
      check(anyMessage(fc.record({ status: anyText, response: anyJson }, { noNullPrototype: true })), (message) => {
        const reply = { ...message, event: "phx_reply" }
        expect(meaningOf(receiver.decode(sender.encode(reply)))).toEqual(expected(name, to, reply))
      })
    })

    it("carries __proto__ as a key without touching a prototype", () => {
      check(fc.tuple(anyJson, anyJson), ([value, other]) => {
        const payload = Object.defineProperty({ other }, "__proto__", { value, enumerable: true }) as object
        const message = { join_ref: null, ref: null, topic: "t", event: "e", payload }
        const read = receiver.decode(sender.encode(message)).payload as object
        const isMsgpack = name.startsWith("msgpack") && !(name === "msgpack-json" && from === "client")
        const key = isMsgpack ? "__proto_" : "__proto__"
        expect(Object.keys(read).toSorted()).toEqual([key, "other"].toSorted())
        expect(Object.getPrototypeOf(read)).toBe(Object.prototype)
        expect(Object.getOwnPropertyDescriptor(read, key)?.value).toEqual(withoutNegativeZero(value))
      })
    })
  })
})

describe("json", () => {
  const { client, server } = SERIALIZERS.json
  // Refs are text in a binary frame, an absent one is empty, and each name has room for 255 bytes.
  const inFrame = (ref: Ref): string => String(ref ?? "")
  const size = (text: string): number => Buffer.byteLength(text)
  const fits = (...names: string[]): boolean => names.every((name) => size(name) <= 255)

  it("carries any push of bytes to the server, or says which name is too long", () => {
    check(anyMessage(anyBytes), (message) => {
      const names = { ...message, join_ref: inFrame(message.join_ref), ref: inFrame(message.ref) }
      if (fits(names.join_ref, names.ref, names.topic, names.event)) {
        const read = { ...names, join_ref: names.join_ref || null }
        expect(meaningOf(server.decode(client.encode(message)))).toEqual(meaningOf(read))
      } else {
        expect(() => client.encode(message)).toThrow(SerializerError)
      }
    })
  })

  it("carries any bytes of the server to the client, as a push, a broadcast or a reply", () => {
    check(fc.tuple(anyMessage(anyBytes), anyText), ([message, status]) => {
      const { topic, event, payload } = message
      const join_ref = inFrame(message.join_ref)
      const ref = inFrame(message.ref)
      const cases: [sent: Message, read: Message, names: string[]][] = [
        [{ ...message, join_ref, ref: null }, { ...message, join_ref, ref: null }, [join_ref, topic, event]],
        [{ ...message, join_ref: null, ref: null }, { ...message, join_ref: null, ref: null }, [topic, event]],
      ]
      const reply = { join_ref, ref, topic, event: "phx_reply", payload: { status, response: payload } }
      cases.push([{ ...reply, join_ref: message.join_ref, ref: message.ref }, reply, [join_ref, ref, topic, status]])
      for (const [sent, read, names] of cases) {
        if (fits(...names)) expect(meaningOf(client.decode(server.encode(sent)))).toEqual(meaningOf(read))
        else expect(() => server.encode(sent)).toThrow(SerializerError)
      }
    })
  })
})

describe("msgpack", () => {
  const { client, server } = SERIALIZERS.msgpack
  const withBytes = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      anyBytes,
      fc.int16Array(),
      fc.float64Array({ noNaN: true }),
      fc.date({ noInvalidDate: true, min: new Date(-1e13), max: new Date(1e13) }),
      fc.array(tie("value"), { maxLength: 5 }),
      fc.dictionary(
        anyText.filter((key) => key !== "__proto__"),
        tie("value"),
        { maxKeys: 5 },
      ),
    ),
  })).value

  it("carries bytes and dates anywhere in a payload", () => {
    check(withBytes, (payload) => {
      const message = { join_ref: "1", ref: "2", topic: "t", event: "e", payload }
      expect(meaningOf(server.decode(client.encode(message)))).toEqual(meaningOf(message))
      expect(meaningOf(client.decode(server.encode(message)))).toEqual(meaningOf(message))
      const reply = { ...message, event: "phx_reply", payload: { status: "ok", response: payload } }
      expect(meaningOf(client.decode(server.encode(reply)))).toEqual(meaningOf(reply))
    })
  })
})

describe("a payload that is not JSON", () => {
  // Any value of JavaScript: BigInts, symbols as keys, dates, maps, sets, typed arrays, objects without a prototype.
  const anything = fc.anything({
    withBigInt: true,
    withBoxedValues: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withObjectString: true,
    withSet: true,
    withSparseArray: true,
    withTypedArray: true,
  })

  /** The code of what a call throws; any but a SerializerError is thrown on. */
  const codeOf = (call: () => unknown): string => {
    try {
      call()
      return "none"
    } catch (error) {
      if (error instanceof SerializerError) return error.code
      throw error
    }
  }

  it.each(NAMES)("is written by %s, or refused with a SerializerError", (name) => {
    const parts = { join_ref: anything, ref: anything, topic: anything, event: anything, payload: anything }
    check(
      fc.tuple(fc.oneof(anyMessage(anything), fc.record(parts)), fc.constantFrom(...ENDS)),
      ([message, [from, to]]) => {
        const { [from]: sender, [to]: receiver } = SERIALIZERS[name]
        const code = codeOf(() => sender.encode(message as Message))
        expect(["none", "unencodable"]).toContain(code)
        if (code !== "none") return
        const frame = sender.encode(message as Message)
        expect(["none", "bad_frame"]).toContain(codeOf(() => receiver.decode(frame)))
      },
    )
  })

  it.each(NAMES)("is refused by %s where it has no end, and the next one is not the worse for it", (name) => {
    const circle: Record<string, unknown> = {}
    circle["self"] = [circle]
    let deep: unknown = null
    for (let i = 0; i < 100_000; i++) deep = [deep]
    const throwing = {
      toJSON: () => {
        throw new Error("no")
      },
    }
    const message = { join_ref: "1", ref: "2", topic: "t", event: "e", payload: { a: 1 } as unknown }
    for (const payload of [circle, deep, throwing, 2n ** 64n, { a: 2n ** 64n }]) {
      for (const end of ["client", "server"] as const) {
        expect(() => SERIALIZERS[name][end].encode({ ...message, payload })).toThrow(
          expect.objectContaining({ code: "unencodable", at: "payload" }) as Error,
        )
        expect(SERIALIZERS[name].server.decode(SERIALIZERS[name].client.encode(message))).toEqual(message)
      }
    }
  })
})
