import { describe, expect, it } from "vitest"
import { runInNewContext } from "node:vm"
import { isBytes, toArrayBuffer, toUint8Array } from "../../lib/protocol/bytes.js"

const buffer = Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7).buffer

describe("isBytes", () => {
  it.each<[string, unknown]>([
    ["an ArrayBuffer", buffer],
    ["an ArrayBuffer of another realm", runInNewContext("new ArrayBuffer(1)")],
    ["a view of another realm", runInNewContext("new Int16Array(1)")],
    ["a DataView", new DataView(buffer)],
    ["a Float64Array", new Float64Array(1)],
    ["a Buffer", Buffer.from("a")],
    ["an empty buffer", new ArrayBuffer(0)],
  ])("takes %s", (_, value) => {
    expect(isBytes(value)).toBe(true)
  })

  it.each<[string, unknown]>([
    ["null", null],
    ["undefined", undefined],
    ["text", "abc"],
    ["a number", 5],
    ["a list of numbers", [1, 2, 3]],
    ["an object like an array", { 0: 1, length: 1 }],
    ["an object that has parts of a buffer", { byteLength: 1, buffer, slice: () => buffer }],
    ["an object without a prototype", Object.create(null)],
    ["a function", () => buffer],
  ])("does not take %s", (_, value) => {
    expect(isBytes(value)).toBe(false)
  })
})

describe("toUint8Array", () => {
  it("gives a Uint8Array back as it is", () => {
    const view = new Uint8Array(buffer, 2, 3)
    expect(toUint8Array(view)).toBe(view)
  })

  it("keeps the offset and the length of other views, and copies nothing", () => {
    for (const view of [new DataView(buffer, 2, 4), new Int16Array(buffer, 2, 2), new Int8Array(buffer, 2, 4)]) {
      const bytes = toUint8Array(view)
      expect(bytes).toEqual(Uint8Array.of(2, 3, 4, 5))
      expect(bytes.buffer).toBe(buffer)
    }
    expect(toUint8Array(buffer).buffer).toBe(buffer)
  })
})

describe("toArrayBuffer", () => {
  it("gives the buffer itself where the view is all of it", () => {
    expect(toArrayBuffer(new Uint8Array(buffer))).toBe(buffer)
  })

  it.each([
    ["a view with an offset", new Uint8Array(buffer, 2, 3)],
    ["a Buffer with an offset", Buffer.from(buffer, 2, 3)],
    ["shared memory", new Uint8Array(new SharedArrayBuffer(3)).fill(9)],
  ])("copies %s into a buffer of exactly its length", (_, view) => {
    const copy = toArrayBuffer(view)
    expect(copy).toBeInstanceOf(ArrayBuffer)
    expect(copy.byteLength).toBe(3)
    expect(new Uint8Array(copy)).toEqual(Uint8Array.from(view))
    new Uint8Array(copy).fill(0)
    expect(view[0]).not.toBe(0)
  })
})
