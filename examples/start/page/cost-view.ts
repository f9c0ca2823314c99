import { byId, setText } from "../../../lib/page/dom.js"
import { costOf } from "./cost.js"

const ROOMS = new Intl.NumberFormat("en")

const timeText = (microseconds: number): string =>
  microseconds < 10 ? `${microseconds.toFixed(1)} µs` : `${ROOMS.format(Math.round(microseconds))} µs`

/** The slider of rooms, and the two bars. */
export class CostView {
  readonly #slider: HTMLInputElement = byId("rooms", HTMLInputElement)
  #isMeasuring = false
  #isStale = false

  constructor() {
    this.#slider.addEventListener("input", () => this.#chosen())
    this.#chosen()
  }

  get #rooms(): number {
    return Math.round(10 ** Number(this.#slider.value))
  }

  #chosen(): void {
    const text = ROOMS.format(this.#rooms)
    setText(byId("rooms-shown", HTMLElement), text)
    this.#slider.ariaValueText = `${text} rooms`
    this.#isStale = true
    if (!this.#isMeasuring) void this.#measure()
  }

  /** Measures until the bars show the number of rooms that the slider has. */
  async #measure(): Promise<void> {
    this.#isMeasuring = true
    while (this.#isStale) {
      this.#isStale = false
      const rooms = this.#rooms
      const cost = await costOf(rooms)
      const most = Math.max(cost.rookery, cost.phoenix)
      for (const name of ["rookery", "phoenix"] as const) {
        byId(`${name}-bar`, HTMLElement).style.width = `${(cost[name] / most) * 100}%`
        setText(byId(`${name}-cost`, HTMLElement), timeText(cost[name]))
      }
      const [own, other] = [timeText(cost.rookery), timeText(cost.phoenix)]
      const many = rooms === 1 ? "1 room" : `${ROOMS.format(rooms)} rooms`
      setText(
        byId("cost-said", HTMLElement),
        `With ${many} on the socket, one message takes ${own} in Rookery and ${other} in phoenix.`,
      )
    }
    this.#isMeasuring = false
  }
}
