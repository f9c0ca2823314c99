type Attributes = Record<string, string | boolean | undefined>

/** An element with its attributes and what is in it. Text goes in as text, whatever is in it. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...inside: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag)
  setAttributes(made, attributes)
  made.append(...inside)
  return made
}

/** Sets attributes: `true` is one without a value, `false` and `undefined` are none. */
export function setAttributes(target: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) target.removeAttribute(name)
    else target.setAttribute(name, value === true ? "" : value)
  }
}

/** A button that does something when it is pressed. */
export function button(attributes: Attributes, label: string, pressed: () => void): HTMLButtonElement {
  const made = element("button", { type: "button", ...attributes }, label)
  made.addEventListener("click", pressed)
  return made
}

/** Changes a text only if it is another one: a screen reader reads what was set anew. */
export function setText(target: Element, text: string): void {
  if (target.textContent !== text) target.textContent = text
}

/** A function that draws once in the next frame, however often it is called until then. */
export function oncePerFrame(draw: () => void): () => void {
  let isDue = false
  return () => {
    if (isDue) return
    isDue = true
    requestAnimationFrame(() => {
      isDue = false
      draw()
    })
  }
}

/** The element of the page that goes by this id. */
export function byId<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const found = document.getElementById(id)
  if (!(found instanceof kind)) throw new Error(`the page has no ${kind.name} #${id}`)
  return found
}

/** One of the page's drawings. */
export function icon(name: string): SVGSVGElement {
  const namespace = "http://www.w3.org/2000/svg"
  const drawing = document.createElementNS(namespace, "svg")
  setAttributes(drawing, { class: "icon", "aria-hidden": "true", focusable: "false" })
  const use = document.createElementNS(namespace, "use")
  use.setAttribute("href", `#icon-${name}`)
  drawing.append(use)
  return drawing
}
