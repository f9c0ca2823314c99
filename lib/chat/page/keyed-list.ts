/** How to create the rows of a list. */
export interface Rows<Item> {
  /** The key of an item: no other item has it. */
  key(item: Item): string
  make(item: Item): HTMLElement
  /** Brings a row up to date. Called after `make`, too. */
  update?(row: HTMLElement, item: Item): void
}

/**
 * A list whose rows stay the same elements as long as their items stay, so that focus is kept and nothing is read out
 * twice.
 */
export class KeyedList<Item> {
  readonly #list: HTMLElement
  readonly #rows: Rows<Item>
  #elements = new Map<string, HTMLElement>()

  constructor(list: HTMLElement, rows: Rows<Item>) {
    this.#list = list
    this.#rows = rows
  }

  /** Shows these items, in this order. */
  show(items: readonly Item[]): void {
    const former = this.#elements
    this.#elements = new Map()
    let next = this.#list.firstElementChild
    for (const item of items) {
      const key = this.#rows.key(item)
      const row = former.get(key) ?? this.#rows.make(item)
      former.delete(key)
      this.#elements.set(key, row)
      this.#rows.update?.(row, item)
      if (row === next) next = next.nextElementSibling
      else this.#list.insertBefore(row, next)
    }
    for (const row of former.values()) row.remove()
  }

  /** The row of an item. */
  row(key: string): HTMLElement | undefined {
    return this.#elements.get(key)
  }

  clear(): void {
    this.#elements.clear()
    this.#list.replaceChildren()
  }
}
