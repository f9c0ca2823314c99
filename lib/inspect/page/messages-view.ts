import type { InspectedGatewayMessage, InspectedLimit, InspectedMessage, InspectedStep } from "../wire.js"
import { byId, element, oncePerFrame, setText } from "../../page/dom.js"
import { plural } from "./plural.js"

/** The messages that are kept; older ones go. */
const MOST = 500

const ARROWS = { in: "→", out: "←", broadcast: "⇉" } as const
const DIRECTIONS = { in: "from a client", out: "to a client", broadcast: "broadcast" } as const

interface Entry {
  readonly row: HTMLElement
  /** The text that a search looks in. */
  readonly text: string
}

const timeOf = (at: number): HTMLElement => {
  const date = new Date(at)
  return element("time", { datetime: date.toISOString(), class: "muted" }, date.toLocaleTimeString())
}

/** The messages that have passed, the newest first. */
export class MessagesView {
  readonly #list = byId("messages", HTMLElement)
  readonly #state = byId("messages-state", HTMLElement)
  readonly #search = byId("filter-text", HTMLInputElement)
  #entries: Entry[] = []
  /** The messages since the last drawing, or since the pause began. */
  #waiting: Entry[] = []
  #isPaused = false
  readonly #drawSoon = oncePerFrame(() => this.#draw())
  #lost = 0

  constructor() {
    const pause = byId("pause", HTMLButtonElement)
    pause.addEventListener("click", () => {
      this.#isPaused = !this.#isPaused
      pause.setAttribute("aria-pressed", String(this.#isPaused))
      this.#drawSoon()
    })
    byId("clear", HTMLButtonElement).addEventListener("click", () => {
      this.#entries = []
      this.#waiting = []
      this.#lost = 0
      this.#list.replaceChildren()
      this.#drawSoon()
    })
    this.#search.addEventListener("input", () => this.#filter(this.#entries))
  }

  message({ socket, topic, event, payload, ...passed }: InspectedMessage): void {
    this.#passed(passed, socket, [element("span", { class: "topic" }, topic), element("strong", {}, event)], payload)
  }

  gatewayMessage({ client, path, data, ...passed }: InspectedGatewayMessage): void {
    this.#passed(passed, client, [element("span", { class: "topic" }, path)], data)
  }

  #passed(
    { at, direction, id, recipients }: Pick<InspectedMessage, "at" | "direction" | "id" | "recipients">,
    key: string | null,
    what: readonly Element[],
    payload: unknown,
  ): void {
    const who = id ?? key ?? (recipients === null ? "" : plural(recipients, "recipient"))
    const short = JSON.stringify(payload)
    const arrow = element(
      "span",
      { title: DIRECTIONS[direction], role: "img", "aria-label": DIRECTIONS[direction] },
      ARROWS[direction],
    )
    const summary = element(
      "summary",
      {},
      timeOf(at),
      arrow,
      ...what,
      element("span", { class: "muted" }, who),
      element("span", { class: "payload" }, short.slice(0, 300)),
    )
    const whole = element("pre", {}, JSON.stringify(payload, undefined, 2))
    const named = what.map(({ textContent }) => textContent).join(" ")
    this.#add(element("li", {}, element("details", {}, summary, whole)), `${named} ${who} ${short}`)
  }

  step({ at, step, id, socket, client, topic, path, why }: InspectedStep): void {
    const text = [id ?? socket ?? client ?? "", step, topic ?? path ?? "", why === null ? "" : `(${why})`]
      .filter(Boolean)
      .join(" ")
    this.#add(element("li", { class: "note" }, timeOf(at), ` ${text}`), text)
  }

  limit({ at, limit, id, socket, address }: InspectedLimit): void {
    const text = `limit hit: ${limit} ${id ?? socket ?? address ?? ""}`
    this.#add(element("li", { class: "note limit" }, timeOf(at), ` ${text}`), text)
  }

  /** Messages were lost because this page reads too slowly. */
  lost(count: number): void {
    this.#lost += count
    this.#drawSoon()
  }

  #add(row: HTMLElement, text: string): void {
    this.#waiting.push({ row, text: text.toLowerCase() })
    if (this.#waiting.length > MOST) this.#waiting.shift()
    this.#drawSoon()
  }

  #draw(): void {
    if (!this.#isPaused) {
      const fresh = this.#waiting.splice(0).toReversed()
      this.#filter(fresh)
      this.#list.prepend(...fresh.map(({ row }) => row))
      this.#entries = [...fresh, ...this.#entries]
      for (const { row } of this.#entries.splice(MOST)) row.remove()
    }
    const paused = this.#isPaused ? `Paused, ${this.#waiting.length} new` : ""
    const lost = this.#lost > 0 ? `${this.#lost} lost: filter more` : ""
    setText(this.#state, [paused, lost].filter(Boolean).join("; "))
  }

  #filter(entries: readonly Entry[]): void {
    const sought = this.#search.value.toLowerCase()
    for (const { row, text } of entries) row.hidden = !text.includes(sought)
  }
}
