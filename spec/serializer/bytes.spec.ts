import { describe, expect, it } from "vitest"
import { SerializerError } from "../../lib/protocol/errors.js"
import { toUint8Array } from "../../lib/protocol/bytes.js"
import type { Message, Reply } from "../../lib/protocol/message.js"
import { SERIALIZERS, withPlainBytes } from "../support/serializers.js"

const { json, msgpack } = SERIALIZERS
const push = (payload: unknown): Message => ({ join_ref: "1", ref: "2", topic: "room:1", event: "bin", payload })
const reply = (response: unknown): Message => ({ ...push({ status: "ok", response }), event: "phx_reply" })

const LENGTH = 24
const buffer = Uint8Array.from({ length: 40 }, (_, i) => i * 6).buffer
const SHARED = new SharedArrayBuffer(16)

/** Every kind of bytes there is, each of the bytes 8 to 32 of one buffer. */
const KINDS: [string, ArrayBuffer | ArrayBufferView][] = [
  ["ArrayBuffer", buffer.slice(8, 8 + LENGTH)],
  ["DataView", new DataView(buffer, 8, LENGTH)],
  ["Buffer", Buffer.from(buffer, 8, LENGTH)],
  ["Uint8Array", new Uint8Array(buffer, 8, LENGTH)],
  ["Uint8ClampedArray", new Uint8ClampedArray(buffer, 8, LENGTH)],
  ["Int8Array", new Int8Array(buffer, 8, LENGTH)],
  ["Int16Array", new Int16Array(buffer, 8, LENGTH / 2)],
  ["Uint16Array", new Uint16Array(buffer, 8, LENGTH / 2)],
  ["Int32Array", new Int32Array(buffer, 8, LENGTH / 4)],
  ["Uint32Array", new Uint32Array(buffer, 8, LENGTH / 4)],
  ["Float32Array", new Float32Array(buffer, 8, LENGTH / 4)],
  ["Float64Array", new Float64Array(buffer, 8, LENGTH / 8)],
  ["BigInt64Array", new BigInt64Array(buffer, 8, LENGTH / 8)],
  ["BigUint64Array", new BigUint64Array(buffer, 8, LENGTH / 8)],
]
const EXPECTED = new Uint8Array(buffer.slice(8, 8 + LENGTH))

class Reading {
  constructor(readonly samples: unknown) {}
}
class Wrapped {
  constructor(readonly inner: unknown) {}
  toJSON(): unknown {
    return { inner: this.inner }
  }
}

describe.each([
  ["json", json],
  ["msgpack", msgpack],
] as const)("%s", (_, { client, server }) => {
  it.each(KINDS)("carries a %s as a whole payload, both ways", (_kind, bytes) => {
    expect(withPlainBytes(server.decode(client.encode(push(bytes))).payload)).toEqual(EXPECTED)
    expect(withPlainBytes(client.decode(server.encode(push(bytes))).payload)).toEqual(EXPECTED)
  })

  it.each(KINDS)("carries a %s as the response of a reply", (_kind, bytes) => {
    const { payload } = client.decode(server.encode(reply(bytes)))
    expect(withPlainBytes(payload)).toEqual({ status: "ok", response: EXPECTED })
  })

  it("carries bytes of another realm, of shared memory and of none", async () => {
    const { runInNewContext } = await import("node:vm")
    const foreign = runInNewContext("Uint8Array.of(1, 2, 3).buffer") as ArrayBuffer
    expect(foreign).not.toBeInstanceOf(ArrayBuffer)
    expect(withPlainBytes(server.decode(client.encode(push(foreign))).payload)).toEqual(Uint8Array.of(1, 2, 3))
    expect(withPlainBytes(server.decode(client.encode(push(new Uint8Array(SHARED)))).payload)).toEqual(
      new Uint8Array(16),
    )
    expect(withPlainBytes(server.decode(client.encode(push(new ArrayBuffer(0)))).payload)).toEqual(new Uint8Array(0))
  })

  it("gives the server a view of the frame, without a copy", () => {
    const frame = client.encode(push(EXPECTED)) as Uint8Array
    const own = Uint8Array.from(frame)
    const payload = server.decode(own).payload as Uint8Array
    expect(payload).toBeInstanceOf(Uint8Array)
    expect(payload.buffer).toBe(own.buffer)
    expect(server.decode(own.buffer).payload).toMatchObject({ buffer: own.buffer })
  })

  it("gives the client an ArrayBuffer of its own", () => {
    const frame = server.encode(push(EXPECTED)) as Uint8Array
    const payload = client.decode(frame).payload as ArrayBuffer
    expect(payload).toBeInstanceOf(ArrayBuffer)
    expect(payload.byteLength).toBe(LENGTH)
    frame.fill(0)
    expect(new Uint8Array(payload)).toEqual(EXPECTED)
    const answer = client.decode(server.encode(reply(EXPECTED))).payload as Reply
    expect(answer.response).toBeInstanceOf(ArrayBuffer)
  })

  it("leaves the sender's bytes alone, and keeps none of them in the frame", () => {
    const bytes = EXPECTED.slice()
    const frame = client.encode(push(bytes))
    expect(bytes).toEqual(EXPECTED)
    bytes.fill(0)
    expect(withPlainBytes(server.decode(frame).payload)).toEqual(EXPECTED)
  })

  it("does not let one frame write over another", () => {
    const first = client.encode(push({ text: "first", bytes: "x".repeat(500) }))
    const before = typeof first === "string" ? first : Uint8Array.from(first)
    for (let i = 0; i < 200; i++) client.encode(push({ i, text: "y".repeat(300) }))
    expect(typeof first === "string" ? first : Uint8Array.from(first)).toEqual(before)
  })

  it("says so when the bytes were transferred away", () => {
    const gone = new ArrayBuffer(8)
    structuredClone(gone, { transfer: [gone] })
    expect(() => client.encode(push(gone))).toThrow(SerializerError)
    expect(() => server.encode(reply(gone))).toThrow(SerializerError)
  })
})

describe("msgpack", () => {
  const { client, server } = msgpack
  const roundTrip = (payload: unknown): unknown => withPlainBytes(server.decode(client.encode(push(payload))).payload)

  it.each(KINDS)("carries a %s deep inside a payload", (_kind, bytes) => {
    expect(roundTrip({ a: [{ b: bytes }, 1, [bytes]], c: bytes, d: null })).toEqual({
      a: [{ b: EXPECTED }, 1, [EXPECTED]],
      c: EXPECTED,
      d: null,
    })
  })

  it.each(KINDS)(
    "carries a %s in an object of a class, in one with a toJSON and in one without a prototype",
    (_kind, bytes) => {
      const bare = Object.assign(Object.create(null) as object, { bytes })
      expect(roundTrip({ reading: new Reading([bytes]), wrapped: new Wrapped(bytes), bare })).toEqual({
        reading: { samples: [EXPECTED] },
        wrapped: { inner: EXPECTED },
        bare: { bytes: EXPECTED },
      })
    },
  )

  it("leaves the payload as it was, and untouched where there is nothing to do", () => {
    const samples = Float32Array.of(1, 2)
    const payload = { list: [samples], record: { samples }, other: { a: 1 } }
    client.encode(push(payload))
    expect(payload).toEqual({ list: [samples], record: { samples }, other: { a: 1 } })
    client.encode(push(Object.freeze({ frozen: Object.freeze([1, Object.freeze({ a: 1 })]) })))
  })

  it("gives bytes inside a payload as views of the frame, on both ends", () => {
    const frame = Uint8Array.from(client.encode(push({ a: EXPECTED })) as Uint8Array)
    for (const codec of [client, server]) {
      const { a } = codec.decode(frame).payload as { a: Uint8Array }
      expect(a).toBeInstanceOf(Uint8Array)
      expect(a.buffer).toBe(frame.buffer)
      expect(toUint8Array(a)).toEqual(EXPECTED)
    }
  })
})

describe("json", () => {
  const { client, server } = SERIALIZERS.json

  // A server that echoes what a client took for a ref gets there: JSON refs may be anything.
  it.each([
    ["an object", { a: 1 }],
    ["a list", ["1"]],
    ["an object that has no text", { toString: 1 }],
    ["an object without a prototype", Object.create(null)],
  ])("refuses %s as a name in a binary frame, instead of writing another name", (_, name) => {
    for (const part of ["join_ref", "ref", "topic", "event"]) {
      const message = { ...push(EXPECTED), [part]: name } as Message
      expect(() => client.encode(message)).toThrow(expect.objectContaining({ code: "unencodable", at: part }) as Error)
    }
    const answer = { ...reply(EXPECTED), join_ref: name } as unknown as Message
    expect(() => server.encode(answer)).toThrow(
      expect.objectContaining({ code: "unencodable", at: "join_ref" }) as Error,
    )
  })

  it("says which name is too long, by its bytes and not by its characters", () => {
    const message = { ...push(EXPECTED), topic: "é".repeat(128) }
    expect(() => client.encode(message)).toThrow(expect.objectContaining({ code: "unencodable", at: "topic" }) as Error)
  })
})

describe("json-v1", () => {
  const { client, server } = SERIALIZERS["json-v1"]

  it.each(KINDS)("refuses a %s, as payload and in a reply", (_kind, bytes) => {
    for (const encode of [
      () => client.encode(push(bytes)),
      () => server.encode(push(bytes)),
      () => server.encode(reply(bytes)),
    ]) {
      expect(encode).toThrow(expect.objectContaining({ code: "unencodable", at: "payload" }) as Error)
    }
  })
})
