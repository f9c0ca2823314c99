import { button, element } from "../page/dom.js"
import type { ErrorReport, MessageReport } from "./reports.js"

type Report = MessageReport | ErrorReport

/** The messages that are kept; older ones go. */
const MOST = 200

function rowOf(report: Report): HTMLElement {
  const arrow = element(
    "span",
    { role: "img", "aria-label": report.direction },
    report.direction === "sent" ? "↑" : "↓",
  )
  const time = new Date(report.at).toISOString()
  if (report.kind === "error") return element("li", { title: time }, arrow, ` ${report.message}`)
  const { topic, event, payload, bytes } = report
  return element(
    "li",
    { title: time },
    element(
      "details",
      {},
      element(
        "summary",
        {},
        arrow,
        element("span", {}, element("strong", {}, event), ` ${topic}`),
        element("span", { class: "bytes" }, `${bytes} B`),
      ),
      element("pre", {}, JSON.stringify(payload, undefined, 1) ?? ""),
    ),
  )
}

/** The messages that have passed, the newest first, with the buttons for them. */
export class MessagesView {
  readonly #rows = element("ol")
  readonly list: HTMLElement = element(
    "div",
    { class: "messages", tabindex: "0", role: "group", "aria-label": "Messages" },
    this.#rows,
  )
  readonly buttons: readonly HTMLButtonElement[]
  /** The reports since the last drawing, or since the pause began. */
  #waiting: Report[] = []
  #isPaused = false

  constructor() {
    const pause = button({ "aria-pressed": "false" }, "Pause", () => {
      this.#isPaused = !this.#isPaused
      pause.ariaPressed = String(this.#isPaused)
      this.draw()
    })
    this.buttons = [pause, button({}, "Clear", () => this.clear())]
  }

  add(report: Report): void {
    this.#waiting.push(report)
    if (this.#waiting.length > MOST) this.#waiting.shift()
  }

  clear(): void {
    this.#waiting = []
    this.#rows.replaceChildren()
  }

  draw(): void {
    if (this.#isPaused) return
    this.#rows.prepend(...this.#waiting.splice(0).reverse().map(rowOf))
    while (this.#rows.childElementCount > MOST) this.#rows.lastElementChild?.remove()
  }
}
