type Attributes = Readonly<Record<string, string>>

/** An element with its attributes and what is in it. Text goes in as text, whatever is in it. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...inside: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  made.append(...inside)
  return made
}

/** A button that does something when it is pressed. */
export function button(attributes: Attributes, label: string, pressed: () => void): HTMLButtonElement {
  const made = element("button", { type: "button", ...attributes }, label)
  made.addEventListener("click", pressed)
  return made
}

/** The element of the page that goes by this id. */
export function byId<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const found = document.getElementById(id)
  if (!(found instanceof kind)) throw new Error(`the page has no ${kind.name} #${id}`)
  return found
}

/** Changes a text only if it is another one: a screen reader reads what was set anew. */
export function setText(target: Element, text: string): void {
  if (target.textContent !== text) target.textContent = text
}

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
