/**
 * Puts the focus where the page wants it. A browser may draw a ring around it as if the keyboard had led there, and on
 * a phone a ring around all messages says nothing. The ring comes with the first key, as it shows where a keyboard is.
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
