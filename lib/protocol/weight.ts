import { SeenShapes } from "./seen-shapes.js"

/**
 * Which decoder created a value: V8 uses less memory for the results of `JSON.parse` than for values assembled by hand.
 */
export type DecodedBy = "json" | "msgpack"

// Bytes of V8's objects on a 64-bit Node, as `spec/hostile/weight.node.spec.ts` measures them.
const SLOT = 8
const NUMBER = 16
const STRING = 16
const ARRAY = 48
const EMPTY_ARRAY = 32
const EMPTY_OBJECT = 56
/** Between an object of `JSON.parse`, which has room for its own keys only, and one that has room for four. */
const OBJECT = 36
const DATE = 96
const VIEW = 96
const OTHER = 64
/** An entry of an object that V8 keeps as a hash table. */
const TABLE_ENTRY = 24
const TABLE = 48
/** A short string that `JSON.parse` has met before is the same string again. */
const SHARED_LENGTH = 10
/** The first short strings of a message are not compared: most messages have no more, and do not repeat them. */
const UNCOMPARED_STRINGS = 8

/** With this many keys V8 turns an object into a hash table. */
const MANY_KEYS = 128
const LARGEST_INDEX = 2 ** 32 - 2
/** An element this far after the last one makes V8 turn the elements of an object into a hash table. */
const MAX_GAP = 1024
const MAX_GROWN = 5000

/** The key of an object as an index of V8, or -1. V8 keeps such keys in an array, with a slot for each lower index. */
export function indexOfKey(key: string): number {
  const first = key.charCodeAt(0)
  if (!(first >= 0x30 && first <= 0x39) || key.length > 10) return -1
  const index = Number(key)
  return index <= LARGEST_INDEX && String(index) === key ? index : -1
}

const tableCapacity = (entries: number): number => Math.max(4, 2 ** Math.ceil(Math.log2(entries * 1.5)))
const tableBytes = (entries: number): number => TABLE + TABLE_ENTRY * tableCapacity(entries)

/** The keys of one object that are indexes, and the room that V8 allocates for them. */
export class Elements {
  #count = 0
  #length = 0
  #capacity = 0
  #isTable = false

  add(index: number): void {
    this.#count++
    this.#length = index + 1
    if (index < this.#capacity || this.#isTable) return
    const grown = grownCapacity(index)
    const isSparse = grown > MAX_GROWN && grown >= 9 * tableCapacity(this.#count)
    if (index - this.#capacity >= MAX_GAP || isSparse) this.#isTable = true
    else this.#capacity = grown
  }

  bytes(decodedBy: DecodedBy): number {
    if (decodedBy === "msgpack") return this.#isTable ? tableBytes(this.#count) : STRING + SLOT * this.#capacity
    return this.#length > 9 * tableCapacity(this.#count) ? tableBytes(this.#count) : STRING + SLOT * this.#length
  }
}

/** How many elements V8 allocates for an object when one is set beyond the last. */
export const grownCapacity = (index: number): number => index + 1 + ((index + 1) >> 1) + 16

function isWide(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0xff) return true
  return false
}

const roundUp = (bytes: number): number => (bytes + 7) & ~7

/** Adds up the parts of values one after another, and remembers what they share. */
class Scales {
  #bound = 0
  #decodedBy: DecodedBy = "json"
  readonly #shapes = new SeenShapes()
  /** The short strings since the message began, and those of them that may come again. */
  #shortStrings = 0
  readonly #strings = new Set<string>()
  readonly #buffers = new Set<ArrayBufferLike>()
  /** The next object to weigh, and those after it. Most messages have one at a time, which needs no list. */
  #next: object | undefined
  readonly #pending: object[] = []
  #bytes = 0

  /** The weight of a value; see {@link weigh}. */
  weigh(value: unknown, bound: number, decodedBy: DecodedBy): number {
    this.#bound = bound
    this.#decodedBy = decodedBy
    this.#bytes = 0
    this.#add(value)
    if (typeof value === "number" && !isSmall(value)) this.#bytes += NUMBER
    while (this.#next !== undefined && this.#bytes <= bound) {
      const next = this.#next
      this.#next = this.#pending.length > 0 ? this.#pending.pop() : undefined
      if (Array.isArray(next)) this.#array(next)
      else this.#object(next)
    }
    this.#forget()
    return this.#bytes
  }

  #forget(): void {
    this.#next = undefined
    if (this.#pending.length > 0) this.#pending.length = 0
    this.#shapes.forget()
    this.#shortStrings = 0
    if (this.#strings.size > 0) this.#strings.clear()
    if (this.#buffers.size > 0) this.#buffers.clear()
  }

  #add(value: unknown): void {
    if (typeof value === "object") {
      if (value === null) return
      if (this.#next === undefined) this.#next = value
      else this.#pending.push(value)
    } else if (typeof value === "string") this.#string(value)
    else if (typeof value === "bigint") this.#bytes += OTHER
  }

  #string(text: string): void {
    const { length } = text
    if (length < 2) return
    const mayComeAgain = length <= SHARED_LENGTH && this.#decodedBy === "json"
    if (mayComeAgain && ++this.#shortStrings > UNCOMPARED_STRINGS) {
      if (this.#strings.has(text)) return
      this.#strings.add(text)
    }
    this.#bytes += roundUp(STRING + (isWide(text) ? 2 * length : length))
  }

  #array(array: readonly unknown[]): void {
    this.#bytes += array.length === 0 ? EMPTY_ARRAY : ARRAY + SLOT * array.length
    let numbers = 0
    let others = 0
    for (const element of array) {
      if (typeof element !== "number") {
        others++
        this.#add(element)
        if (this.#bytes > this.#bound) return
      } else if (!isSmall(element)) numbers++
    }
    // `JSON.parse` stores them directly in the slots of an array of numbers.
    if (others > 0 || this.#decodedBy === "msgpack") this.#bytes += NUMBER * numbers
  }

  #object(object: object): void {
    if (ArrayBuffer.isView(object)) return this.#buffer(object.buffer)
    if (object instanceof ArrayBuffer) return this.#buffer(object)
    if (object instanceof Date) this.#bytes += DATE
    else this.#record(object as Record<string, unknown>)
  }

  /** A view of a few bytes keeps its whole buffer alive, which may be a whole packet. */
  #buffer(buffer: ArrayBufferLike): void {
    this.#bytes += VIEW
    if (this.#buffers.has(buffer)) return
    this.#buffers.add(buffer)
    this.#bytes += buffer.byteLength
  }

  #record(record: Record<string, unknown>): void {
    let keys = 0
    let elements: Elements | undefined
    const shapes = this.#shapes
    shapes.begin()
    for (const key in record) {
      const index = indexOfKey(key)
      if (index !== -1) (elements ??= new Elements()).add(index)
      else {
        keys++
        this.#bytes += keys > MANY_KEYS ? shapes.tableBytes(key) : shapes.keyBytes(key)
      }
      const value = record[key]
      if (typeof value === "number") {
        if (!isSmall(value)) this.#bytes += NUMBER
      } else this.#add(value)
      if (this.#bytes > this.#bound) return
    }
    this.#bytes += keys === 0 ? EMPTY_OBJECT : OBJECT + SLOT * keys
    if (elements !== undefined) this.#bytes += elements.bytes(this.#decodedBy)
  }
}

/** Whether V8 keeps a number in the slot that refers to it. */
const isSmall = (value: number): boolean => value === (value | 0)

/**
 * The scales that the next value is weighed with. Without an object that lives on, V8 drops their hidden class at each
 * full collection, and the optimized code of joins with it: a join then takes three times as long.
 */
let free: Scales | undefined = /* @__PURE__ */ new Scales()

/**
 * How many bytes of memory a decoded value takes. An estimate, within a factor of two, for data kept for a client: a
 * megabyte of MessagePack with nothing but empty maps is 64 megabytes of objects. Stops once it exceeds `bound`.
 */
export function weigh(value: unknown, bound: number = Infinity, decodedBy: DecodedBy = "json"): number {
  const scales = free ?? new Scales()
  // A getter of the application's payload may weigh something as well.
  free = undefined
  const bytes = scales.weigh(value, bound, decodedBy)
  free = scales
  return bytes
}
