interface Row {
  /** The item, as text: an item that is the same as before is not drawn anew. */
  readonly text: string
  readonly row: Element
}

/** The items of a list that were drawn, by their keys: the focus stays where it is while the list changes around it. */
export class Rows<Item> {
  readonly #parent: Element
  readonly #draw: (item: Item) => Element
  #rows = new Map<string, Row>()

  constructor(parent: Element, draw: (item: Item) => Element) {
    this.#parent = parent
    this.#draw = draw
  }

  show(items: readonly (readonly [key: string, item: Item])[]): void {
    const rows = new Map<string, Row>()
    for (const [key, item] of items) {
      const text = JSON.stringify(item)
      const known = this.#rows.get(key)
      rows.set(key, known?.text === text ? known : { text, row: this.#draw(item) })
    }
    const drawn = [...rows.values()].map(({ row }) => row)
    const stale = new Set<Element>(this.#parent.children)
    for (const row of drawn) stale.delete(row)
    for (const row of stale) row.remove()
    for (const [at, row] of drawn.entries()) {
      const there = this.#parent.children[at]
      if (there !== row) this.#parent.insertBefore(row, there ?? null)
    }
    this.#rows = rows
  }
}
