/** A hidden class of V8 with its descriptors and transition, created when a key follows others for the first time. */
const NEW_SHAPE = 140
/** A key of its own, and its entry in the hash table that a large object is. */
const NEW_ENTRY = 72
/** An entry whose key other objects have too; between that of a large object with and without a hidden class. */
const KNOWN_ENTRY = 16
/** Keys of a message that are not tracked: most messages have no more, and share the shapes of earlier messages. */
const UNSEEN_KEYS = 16

/** Objects that begin with the same keys, in the same order. */
class Shape {
  #lastKey: string | undefined
  #last: Shape | undefined
  #others: Map<string, Shape> | undefined

  /** The shape with one more key, or `undefined` if no object had it before. */
  next(key: string): Shape | undefined {
    return key === this.#lastKey ? this.#last : this.#others?.get(key)
  }

  add(key: string): Shape {
    const shape = new Shape()
    if (this.#last === undefined) this.#lastKey = key
    else (this.#others ??= new Map()).set(key, shape)
    this.#last ??= shape
    return shape
  }
}

/**
 * Tracks the keys of the objects of one message. A list of a thousand records shares one hidden class of V8; a thousand
 * objects with different keys have a thousand, which take far more memory than the objects.
 */
export class SeenShapes {
  #keys = 0
  #root: Shape | undefined
  #current: Shape | undefined
  #table: Set<string> | undefined

  /** Starts with the next message. */
  forget(): void {
    this.#keys = 0
    this.#root = undefined
    this.#current = undefined
    this.#table = undefined
  }

  /** Starts with the next object. */
  begin(): void {
    this.#current = this.#root
  }

  /** The cost of the object's next key, in addition to its slot. */
  keyBytes(key: string): number {
    if (++this.#keys <= UNSEEN_KEYS) return 0
    const current = (this.#current ??= this.#root ??= new Shape())
    const next = current.next(key)
    this.#current = next ?? current.add(key)
    return next === undefined ? NEW_SHAPE : 0
  }

  /** The same for an object with very many keys. */
  tableBytes(key: string): number {
    const table = (this.#table ??= new Set())
    const isNew = table.size !== table.add(key).size
    return isNew ? NEW_ENTRY : KNOWN_ENTRY
  }
}
