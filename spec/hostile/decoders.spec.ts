import { describe, expect, it } from "vitest"
import { json } from "../../lib/serializer/json.js"
import { msgpack } from "../../lib/serializer/msgpack.js"
import { bytes } from "../../fixtures/vectors.js"
import { BOMBS } from "./bombs.js"
import { DECODERS } from "./decoders.js"
import { chosenSeed } from "./random.js"
import { tryDecoders } from "./try-decoders.js"

// `SEED=… npx vitest run spec/hostile` does the same again; `npm run soak -- decoders` tries a million.
const COUNT = 8000

describe("every decoder of both ends", () => {
  it("makes a message or one kind of error of whatever comes", { timeout: 60_000 }, () => {
    const seed = chosenSeed()
    const tried = tryDecoders(COUNT, seed)
    expect(tried.map(({ decoder, tried }) => [decoder, tried])).toEqual(
      DECODERS.map(({ name }) => [name, COUNT + BOMBS.length]),
    )
    // Inputs that nobody takes, or nobody refuses, would try nothing.
    for (const { decoder, messages, refused } of tried) {
      expect([decoder, messages > COUNT / 500, refused > COUNT / 500]).toEqual([decoder, true, true])
    }
  })

  it("leaves every prototype as it was", () => {
    const hostile = '["1","2","t","e",{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}]'
    for (const codec of [json().client, json().server]) {
      const payload = codec.decode(hostile).payload as object
      expect(Object.keys(payload)).toEqual(["__proto__", "constructor"])
      expect((payload as { polluted?: unknown }).polluted).toBeUndefined()
    }
    const packed = msgpack().client.encode({
      join_ref: "1",
      ref: "2",
      topic: "t",
      event: "e",
      payload: new Map<string, unknown>([
        ["__proto__", { polluted: 1 }],
        ["constructor", 1],
      ]),
    })
    for (const codec of [msgpack().client, msgpack().server]) {
      const payload = codec.decode(packed).payload as object
      expect(Object.keys(payload)).toEqual(["__proto_", "constructor"])
      expect((payload as { polluted?: unknown }).polluted).toBeUndefined()
    }
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })
})

describe("an offset", () => {
  const numbered = (offset: string): Uint8Array => bytes(3, 0, 1, 1, offset.length, "te", offset, "data")

  it("that is none is left out of a frame of text, which other protocols may go on behind", () => {
    const { client } = json()
    for (const offset of ["1.5", "-1", "1e300", '"7"', "null", "9007199254740993"]) {
      expect(client.decode(`[null,null,"t","e",{},${offset}]`)).not.toHaveProperty("offset")
    }
    expect(client.decode('[null,null,"t","e",{},7]')).toHaveProperty("offset", 7)
  })

  it("that is none makes a numbered frame of bytes no frame", () => {
    const { client } = json()
    for (const offset of ["", "1.5", "-1", "1e3", "0x10", " 7", "07", "NaN", "9007199254740993"]) {
      expect(() => client.decode(numbered(offset)), offset).toThrow(
        expect.objectContaining({ code: "bad_frame", at: "offset" }),
      )
    }
    expect(client.decode(numbered("42"))).toHaveProperty("offset", 42)
  })
})
