import type { MessageReport } from "rookery/panel"
import { byId, element, setText } from "../../../lib/page/dom.js"

const SHOWN = 60
const BYTES = new Intl.NumberFormat()

/** The table of messages on the wire. */
export class WireView {
  readonly #frames: HTMLElement = byId("frames", HTMLElement)
  readonly #saved: HTMLElement = byId("saved", HTMLElement)
  readonly #total = { json: 0, msgpack: 0 }
  #isPaused = false

  constructor() {
    const pause = byId("pause", HTMLButtonElement)
    pause.addEventListener("click", () => {
      this.#isPaused = !this.#isPaused
      pause.ariaPressed = String(this.#isPaused)
    })
    byId("clear", HTMLElement).addEventListener("click", () => this.#frames.replaceChildren())
  }

  add(client: string, { direction, event, payload: value, offset, sizes }: MessageReport): void {
    const { json = 0, msgpack = 0 } = sizes
    this.#total.json += json
    this.#total.msgpack += msgpack
    const { json: all, msgpack: packed } = this.#total
    const percent = Math.round((1 - packed / all) * 100)
    setText(
      this.#saved,
      `${BYTES.format(all)} bytes in JSON, ${BYTES.format(packed)} in MessagePack: ${percent} % less.`,
    )
    if (this.#isPaused) return
    const payload = JSON.stringify(value)
    const cells: [string, string?][] = [
      [client],
      [direction === "sent" ? "↑ sent" : "↓ received"],
      [event],
      [payload],
      [offset === null ? "" : String(offset), "number"],
      [`${json} B`, "number"],
      [`${msgpack} B`, "number"],
    ]
    const isRecovery = payload.includes('"recover"')
    const row = element(
      "tr",
      { class: isRecovery ? "recovery" : undefined, title: payload },
      ...cells.map(([text, kind]) => element("td", { class: kind }, text)),
    )
    this.#frames.prepend(row)
    while (this.#frames.childElementCount > SHOWN) this.#frames.lastElementChild?.remove()
  }
}
