import { Elements, indexOfKey } from "../protocol/weight.js"
import { DistinctKeys, HASH_SEED, hashWith } from "./distinct-keys.js"

/** Keys are not counted in frames of at most this many bytes, which have too few of them. */
export const FEW_KEYS = 16_384
/** The additional weight of a map with an index among its keys: it takes V8 as long as this many bytes of objects. */
const FIRST_INDEX = 1024
/** Digits of the largest index. */
const INDEX_DIGITS = 10

/** Weighs the keys of the maps in a MessagePack value, beyond the weight of a repeated name. */
export class MapKeys {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #distinct: DistinctKeys | undefined
  /** The indexes of each open map that has any, by depth. */
  readonly #open: (Elements | undefined)[] = []
  weight = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#distinct = bytes.length > FEW_KEYS ? new DistinctKeys() : undefined
  }

  /** Counts the key that follows its type byte. */
  add(type: number, at: number, length: number, depth: number): void {
    if (type >= 0xca && type <= 0xd3) return this.#addNumber(this.#number(type, at), depth)
    const digit = (this.#bytes[at] as number) - 0x30
    if (digit >= 0 && digit <= 9 && length > 0 && length <= INDEX_DIGITS) {
      const index = indexOfKey(String.fromCharCode(...this.#bytes.subarray(at, at + length)))
      if (index !== -1) return this.addIndex(index, depth)
    }
    if (this.#distinct === undefined) return
    let hash = HASH_SEED
    for (let i = at; i < at + length; i++) hash = hashWith(hash, this.#bytes[i] as number)
    this.weight += this.#distinct.weightOf(hash)
  }

  /** Counts a key that is an index for V8, which keeps a slot for each lower index. */
  addIndex(index: number, depth: number): void {
    let elements = this.#open[depth]
    if (elements === undefined) {
      elements = this.#open[depth] = new Elements()
      this.weight += FIRST_INDEX
    }
    elements.add(index)
    if (this.#distinct !== undefined) this.weight += this.#distinct.weightOf(hashWith(HASH_SEED, index))
  }

  /** Adds the weight of a map's indexes. */
  closeMap(depth: number): void {
    const elements = this.#open[depth]
    if (elements === undefined) return
    this.weight += elements.bytes("msgpack")
    this.#open[depth] = undefined
  }

  #addNumber(value: number, depth: number): void {
    const index = indexOfKey(String(value))
    if (index !== -1) this.addIndex(index, depth)
  }

  #number(type: number, at: number): number {
    const view = this.#view
    switch (type) {
      case 0xca:
        return view.getFloat32(at)
      case 0xcb:
        return view.getFloat64(at)
      case 0xcc:
        return view.getUint8(at)
      case 0xcd:
        return view.getUint16(at)
      case 0xce:
        return view.getUint32(at)
      case 0xcf:
        return Number(view.getBigUint64(at))
      case 0xd0:
        return view.getInt8(at)
      case 0xd1:
        return view.getInt16(at)
      case 0xd2:
        return view.getInt32(at)
      default:
        return Number(view.getBigInt64(at))
    }
  }
}
