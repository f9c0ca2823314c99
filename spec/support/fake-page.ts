import { vi } from "vitest"

/** A page: the part of a browser's window and document that a client sees. */
export class FakePage {
  readonly #window = new EventTarget()
  readonly #document: EventTarget & { visibilityState: string } = Object.assign(new EventTarget(), {
    visibilityState: "visible",
  })

  constructor() {
    const [window, document] = [this.#window, this.#document]
    const addEventListener = window.addEventListener.bind(window)
    const removeEventListener = window.removeEventListener.bind(window)
    vi.stubGlobal("document", document)
    vi.stubGlobal("window", { document, addEventListener, removeEventListener })
    vi.stubGlobal("addEventListener", addEventListener)
    vi.stubGlobal("removeEventListener", removeEventListener)
  }

  hide(): void {
    this.#becomes("hidden")
  }

  show(): void {
    this.#becomes("visible")
  }

  /** Thaws the page as Chrome does, which sometimes sends no `visibilitychange`. */
  resume(): void {
    this.#document.visibilityState = "visible"
    this.#document.dispatchEvent(new Event("resume"))
  }

  goAway(): void {
    this.#window.dispatchEvent(new Event("pagehide"))
  }

  comeBack(): void {
    this.#window.dispatchEvent(new Event("pageshow"))
  }

  goOnline(): void {
    this.#window.dispatchEvent(new Event("online"))
  }

  #becomes(visibilityState: string): void {
    this.#document.visibilityState = visibilityState
    // The event is the document's and bubbles to the window.
    this.#document.dispatchEvent(new Event("visibilitychange"))
    this.#window.dispatchEvent(new Event("visibilitychange"))
  }
}
