import { SerializerError } from "../protocol/errors.js"

/** Deeper than any payload people send, and far from where a recursive decoder runs out of stack. */
const MAX_DEPTH = 512

const bad = (what: string, at: number): SerializerError => new SerializerError("bad_frame", what, at)

/**
 * Walks a MessagePack value without making anything of it, and throws unless it is whole, alone in the frame, not too
 * deep, and made of plain types. What passes is safe to decode: no header promises more than is there, and none of the
 * decoder's own extensions (records, references, errors, regular expressions) can be called from outside. Timestamps,
 * the one extension of the specification, pass.
 */
export function scanMsgpack(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const end = bytes.length
  // How many values are still to come at each level.
  const pending: number[] = []
  let left = 1
  let at = 0

  const length = (size: 1 | 2 | 4): number => {
    if (at + size > end) throw bad("the frame ends within a length", end)
    const value = size === 1 ? view.getUint8(at) : size === 2 ? view.getUint16(at) : view.getUint32(at)
    at += size
    return value
  }
  const skip = (count: number): void => {
    if (count > end - at) throw bad("a value promises more bytes than the frame has", at)
    at += count
  }
  const enter = (values: number): void => {
    if (values > end - at) throw bad("a value promises more elements than the frame has", at)
    if (values === 0) return
    if (pending.length === MAX_DEPTH) throw bad(`nested deeper than ${MAX_DEPTH}`, at)
    pending.push(left)
    left = values
  }
  const extension = (size: number): void => {
    const type = length(1)
    if (type !== 0xff) throw bad(`an extension of type ${type}`, at - 1)
    if (size !== 4 && size !== 8 && size !== 12) throw bad(`a timestamp of ${size} bytes`, at - 1)
    skip(size)
  }

  for (;;) {
    while (left === 0) {
      const outer = pending.pop()
      if (outer === undefined) {
        if (at !== end) throw bad("bytes after the end of the value", at)
        return
      }
      left = outer
    }
    left--
    const type = length(1)
    if (type < 0x80 || type >= 0xe0) continue
    if (type < 0x90) enter(2 * (type & 0x0f))
    else if (type < 0xa0) enter(type & 0x0f)
    else if (type < 0xc0) skip(type & 0x1f)
    else
      switch (type) {
        case 0xc0: // nil
        case 0xc2: // false
        case 0xc3: // true
          break
        case 0xc4: // bin
        case 0xd9: // str
          skip(length(1))
          break
        case 0xc5:
        case 0xda:
          skip(length(2))
          break
        case 0xc6:
        case 0xdb:
          skip(length(4))
          break
        case 0xc7: // ext
          extension(length(1))
          break
        case 0xc8:
          extension(length(2))
          break
        case 0xc9:
          extension(length(4))
          break
        case 0xcc: // numbers
        case 0xd0:
          skip(1)
          break
        case 0xcd:
        case 0xd1:
          skip(2)
          break
        case 0xca:
        case 0xce:
        case 0xd2:
          skip(4)
          break
        case 0xcb:
        case 0xcf:
        case 0xd3:
          skip(8)
          break
        case 0xd6: // fixext 4
          extension(4)
          break
        case 0xd7: // fixext 8
          extension(8)
          break
        case 0xdc: // arrays
          enter(length(2))
          break
        case 0xdd:
          enter(length(4))
          break
        case 0xde: // maps
          enter(2 * length(2))
          break
        case 0xdf:
          enter(2 * length(4))
          break
        default:
          throw bad(`no value begins with 0x${type.toString(16)}`, at - 1)
      }
  }
}
