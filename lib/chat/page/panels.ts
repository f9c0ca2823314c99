import { byId } from "../../page/dom.js"

/** Wide enough to show the rooms beside the messages; the style has the same value. */
const WIDE = "(min-width: 48rem)"
/** Wide enough to show the people there, too. */
const WIDER = "(min-width: 70rem)"

interface Panel {
  side: HTMLElement
  opener: HTMLButtonElement
  /** Whether it is beside the messages, and need not be opened. */
  beside: MediaQueryList
}

/** The rooms and the people, which overlay the messages in a narrow window. */
export class Panels {
  readonly #panels: Panel[]
  readonly #shade: HTMLElement = byId("shade", HTMLElement)
  readonly #main: HTMLElement = byId("room", HTMLElement)
  #open: Panel | undefined

  constructor(signal: AbortSignal) {
    const panel = (name: string, query: string): Panel => ({
      side: byId(name, HTMLElement),
      opener: byId(`show-${name}`, HTMLButtonElement),
      beside: matchMedia(query),
    })
    this.#panels = [panel("rooms", WIDE), panel("people", WIDER)]
    for (const panel of this.#panels) {
      panel.opener.addEventListener("click", () => this.#show(panel), { signal })
      panel.beside.addEventListener("change", () => this.close(), { signal })
    }
    for (const closer of document.querySelectorAll("[data-close-panel]")) {
      closer.addEventListener("click", () => this.close(), { signal })
    }
    this.#shade.addEventListener("click", () => this.close(), { signal })
    addEventListener("keydown", ({ key }) => key === "Escape" && this.close(), { signal })
    this.#render()
  }

  /** Closes what is open, and gives the focus back to what opened it. */
  close(): void {
    const panel = this.#open
    if (!panel) return
    this.#open = undefined
    this.#render()
    panel.opener.focus()
  }

  #show(panel: Panel): void {
    this.#open = panel
    this.#render()
    panel.side.querySelector<HTMLElement>("button, input")?.focus()
  }

  #render(): void {
    const over = this.#open
    for (const panel of this.#panels) {
      panel.side.classList.toggle("open", panel === over)
      panel.opener.setAttribute("aria-expanded", String(panel === over))
      // The keyboard must not reach elements below an open panel.
      panel.side.inert = over !== undefined && panel !== over
    }
    this.#main.inert = over !== undefined
    this.#shade.hidden = over === undefined
  }
}
