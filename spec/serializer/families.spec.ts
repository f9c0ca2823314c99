import { decode as decodeIndependently } from "@msgpack/msgpack"
import { gunzipSync } from "node:zlib"
import { describe, expect, it } from "vitest"
import { FAMILIES, type FamilyFrame } from "../../fixtures/families.js"
import type { Frame } from "../../lib/serializer/serializer.js"
import { familySerializer } from "../support/families.js"
import { meaningOf, withPlainBytes } from "../support/serializers.js"

const BINARY_KINDS = 3

/** The parts of a frame, read by another decoder: the order of a map's keys is nobody's concern. */
function partsOf(frame: Frame): unknown {
  if (typeof frame === "string") return JSON.parse(frame)
  const kind = frame[0] as number
  return kind < BINARY_KINDS ? Uint8Array.from(frame) : withPlainBytes(decodeIndependently(frame))
}

const inflated = (frame: Frame): Frame =>
  typeof frame !== "string" && frame[0] === 0x1f ? Uint8Array.from(gunzipSync(frame)) : frame

/** Frames that the endpoint writes in another way, which the clients of the family read as well. */
const onlyRead = ({ name }: FamilyFrame): boolean => /numeric|names|its join_ref|without a ref/.test(name)

describe.each(FAMILIES)("a client for family $family ($says)", ({ client: options, fromClient, fromServer }) => {
  const { client } = familySerializer(options)

  it.each(fromClient)("writes $name as the clients of the family do", ({ message, frame }) => {
    expect(partsOf(client.encode(message))).toEqual(partsOf(frame))
  })

  it.each(fromServer)("reads $name of its servers", ({ message, frame }) => {
    expect(meaningOf(client.decode(inflated(frame)))).toEqual(meaningOf(message))
  })
})

describe.each(FAMILIES)("an endpoint for family $family ($says)", ({ endpoint: options, fromClient, fromServer }) => {
  const { server } = familySerializer(options)

  it.each(fromClient)("reads $name of its clients", ({ message, frame }) => {
    expect(meaningOf(server.decode(frame))).toEqual(meaningOf(message))
  })

  it.each(fromServer.filter((frame) => !onlyRead(frame)))("writes $name as its servers do", ({ message, frame }) => {
    expect(partsOf(server.encode(message))).toEqual(partsOf(inflated(frame)))
  })
})
