import * as fc from "fast-check"
import type { Message, Ref } from "../../lib/protocol/message.js"

/** How many times a property is tried: `PROPERTY_RUNS=100000 npx vitest run spec/serializer` for a long night. */
export const RUNS: number = Number(process.env["PROPERTY_RUNS"] ?? 150)

/** Tries a property with many values; it fails by throwing, whatever it returns. */
export function check<T>(arbitrary: fc.Arbitrary<T>, property: (value: T) => unknown, numRuns: number = RUNS): void {
  fc.assert(
    fc.property(arbitrary, (value) => {
      property(value)
    }),
    { numRuns },
  )
}

/** Text of any characters; never half a surrogate pair, which no UTF-8 can carry. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: "grapheme" }),
  fc.constantFrom("", "\ufeff", "\u0000", "__proto__", "constructor", "toString", "toJSON", "then", "phx_reply"),
  // Long enough for the longer headers of MessagePack, and for the decoders' other ways of reading.
  fc.string({ unit: "binary", minLength: 60, maxLength: 300 }),
)

const anyKey = anyText.filter((key) => key !== "__proto__")

/** Any value of JSON. Its keys include names that objects inherit, but not `__proto__`. */
export const anyJson: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom(null, true, false),
    fc.oneof(fc.integer(), fc.maxSafeInteger(), fc.double({ noNaN: true, noDefaultInfinity: true })),
    anyText,
    fc.array(tie("value"), { maxLength: 20 }),
    fc.dictionary(anyKey, tie("value"), { maxKeys: 20, noNullPrototype: true }),
  ),
})).value

const anyRef: fc.Arbitrary<Ref> = fc.oneof(fc.constant(null), fc.nat().map(String), anyText, fc.nat())

/** Any message, with a payload of the given kind. */
export const anyMessage = <Payload>(payload: fc.Arbitrary<Payload>): fc.Arbitrary<Message<Payload>> =>
  fc.record({ join_ref: anyRef, ref: anyRef, topic: anyText, event: anyText, payload }, { noNullPrototype: true })

/** Any bytes, as a view with an offset now and then. */
export const anyBytes: fc.Arbitrary<Uint8Array> = fc
  .tuple(fc.uint8Array({ maxLength: 600, size: "max" }), fc.nat({ max: 8 }))
  .map(([bytes, offset]) => bytes.subarray(Math.min(offset, bytes.length)))

/** A value after a trip through JSON: -0 is 0 on the wire. */
export const withoutNegativeZero = (value: unknown): unknown => {
  if (value === 0) return 0
  if (Array.isArray(value)) return value.map(withoutNegativeZero)
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutNegativeZero(inner)]))
}
