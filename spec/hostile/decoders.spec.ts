import { describe, expect, it } from "vitest"
import { json } from "../../lib/serializer/json.js"
import { msgpack } from "../../lib/serializer/msgpack.js"
import { BOMBS } from "./bombs.js"
import { DECODERS } from "./decoders.js"
import { chosenSeed } from "./random.js"
import { tryDecoders } from "./try-decoders.js"

// `SEED=… npx vitest run spec/hostile` repeats a run; `npm run soak -- decoders` tries a million inputs.
const COUNT = 3000

describe("every decoder of both ends", () => {
  it("makes a message or one kind of error of whatever comes", () => {
    const seed = chosenSeed()
    const tried = tryDecoders(COUNT, seed)
    expect(tried.map(({ decoder, tried }) => [decoder, tried])).toEqual(
      DECODERS.map(({ name }) => [name, COUNT + BOMBS.length]),
    )
    // If a decoder accepted no input, or refused none, the inputs would be useless.
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
