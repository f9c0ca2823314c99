/**
 * Moves the focus without a focus ring. A browser may draw a ring as if the keyboard had moved the focus, and on a
 * phone a ring around all messages is meaningless. The ring appears with the first key press, because it is for
 * keyboard users.
 */
export function placeFocus(target: HTMLElement): void {
  const chosen = new AbortController()
  const show = (): void => {
    delete target.dataset["placed"]
    chosen.abort()
  }
  target.dataset["placed"] = ""
  target.addEventListener("blur", show, chosen)
  addEventListener("keydown", show, chosen)
  target.focus()
}
