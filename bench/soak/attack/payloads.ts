import { BINARY, clientFrame, TEXT } from "../../../spec/hostile/attack/intruder.js"

/** A size a little below the limit of a frame. */
export const MEGABYTE = 1_000_000

/** MessagePack of a string of up to 255 bytes. */
const packText = (text: string): Buffer => Buffer.concat([Buffer.from([0xd9, text.length]), Buffer.from(text)])

/** A message of MessagePack with a payload that is already encoded. */
export const packed = (ref: string, topic: string, event: string, payload: Buffer): Buffer =>
  clientFrame(BINARY, Buffer.concat([Buffer.from([0x95]), ...["1", ref, topic, event].map(packText), payload]))

export function arrayOf(count: number, each: Buffer): Buffer {
  const header = Buffer.from([0xdd, 0, 0, 0, 0])
  header.writeUInt32BE(count, 1)
  return Buffer.concat([header, Buffer.alloc(count * each.length, each)])
}

/** A million empty maps of a byte each. */
export const EMPTY_MAPS: Buffer = arrayOf(MEGABYTE, Buffer.from([0x80]))
export const NULL_PAIRS: Buffer = arrayOf(MEGABYTE / 2, Buffer.from([0x91, 0xc0]))

/** A map with as many distinct keys as a frame has room for. */
export function distinctKeys(): Buffer {
  const count = 200_000
  const keys = Buffer.alloc(count * 5)
  for (let n = 0; n < count; n++) {
    keys[5 * n] = 0xa3
    for (let digit = 0; digit < 3; digit++) keys[5 * n + 1 + digit] = 0x30 + ((n >> (6 * digit)) & 0x3f)
    keys[5 * n + 4] = 0xc0
  }
  const header = Buffer.from([0xdf, 0, 0, 0, 0])
  header.writeUInt32BE(count, 1)
  return Buffer.concat([header, keys])
}

export const filled = (bytes: number, text: string): string => text.repeat(Math.floor(bytes / text.length))
export const jsonText = (topic: string, event: string, payload: string, ref = "1"): Buffer =>
  clientFrame(TEXT, `["1","${ref}","${topic}","${event}",${payload}]`)
export const arrayText = (bytes: number, each: string): string => `[${filled(bytes, `${each},`)}${each}]`
