/** The newest of many items, bounded by their number and by their size together. The newest one always stays. */
export class Newest<Item> {
  readonly #most: number
  readonly #mostSize: number
  readonly #sizeOf: (item: Item) => number
  readonly #items: Item[] = []
  #size = 0

  constructor(most: number, mostSize: number, sizeOf: (item: Item) => number) {
    this.#most = most
    this.#mostSize = mostSize
    this.#sizeOf = sizeOf
  }

  get length(): number {
    return this.#items.length
  }

  /** Adds an item, and returns how many older ones were dropped for it. */
  add(item: Item): number {
    this.#items.push(item)
    this.#size += this.#sizeOf(item)
    let dropped = 0
    while (this.#items.length > 1 && (this.#items.length > this.#most || this.#size > this.#mostSize)) {
      this.#size -= this.#sizeOf(this.#items.shift() as Item)
      dropped++
    }
    return dropped
  }

  /** The nth item from the end, which is the first one. */
  fromEnd(n: number): Item | undefined {
    return this.#items.at(-n)
  }

  [Symbol.iterator](): Iterator<Item> {
    return this.#items.values()
  }
}
