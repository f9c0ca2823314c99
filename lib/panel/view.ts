import type { Socket } from "rookery"
import { button, element, oncePerFrame, setText } from "../page/dom.js"
import type { Cable } from "./cable.js"
import { inspectSocket, type SocketInspection } from "./inspect-socket.js"
import { MessagesView } from "./messages-view.js"
import type { SocketChannel, SocketSnapshot } from "./reports.js"

/** The content of a panel. */
export interface Shown {
  readonly socket: Socket
  readonly cable: Cable | undefined
  readonly secrets: RegExp | undefined
}

const MOST_ROOMS = 50
const TICK_MS = 1000
/** The ticks between two pings. */
const PING_TICKS = 5

const capitalized = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

const bytesText = (bytes: number): string => `${bytes.toLocaleString("en")} B`

const latencyText = (ms: number): string => (ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`)

const statusText = ({ status, lost }: SocketSnapshot): string =>
  lost === null ? capitalized(status) : `${capitalized(status)}; ${lost}`

const briefText = ({ status, latencyMs }: SocketSnapshot): string =>
  latencyMs === null ? status : `${status}, ${latencyText(latencyMs)}`

/** The latency or, while the socket waits for it, the next attempt. It is not part of the status, which is read aloud. */
function nextText({ tries, retryInMs, latencyMs }: SocketSnapshot): string {
  if (retryInMs !== null) return `Attempt ${tries + 1} in ${Math.ceil(retryInMs / TICK_MS)} s`
  return latencyMs === null ? "" : `Latency ${latencyText(latencyMs)}`
}

/** The parts of a panel, and the socket in it. */
export class PanelView {
  readonly root: HTMLElement
  readonly #name = element("span", { class: "name" })
  readonly #brief = element("span", { class: "brief" })
  readonly #toggle: HTMLButtonElement
  readonly #status = element("p", { class: "status", role: "status" })
  readonly #cut: HTMLButtonElement
  readonly #next = element("span")
  readonly #rooms = element("ul", { class: "rooms" })
  readonly #carried = element("tbody")
  readonly #messages = new MessagesView()
  readonly #body: HTMLElement
  #shown: Shown | undefined
  #inspection: SocketInspection | undefined
  #stop: (() => void) | undefined
  #timer: ReturnType<typeof setInterval> | undefined
  /** A report comes before the channels have handled the message, and there may be hundreds of messages. */
  readonly #drawSoon = oncePerFrame(() => this.#draw())
  #rows = ""
  #bytes = ""

  /** @param toggled called when a person opens or closes the panel */
  constructor(toggled: () => void) {
    this.#toggle = button({ class: "toggle", "aria-controls": "body" }, "", toggled)
    this.#toggle.append(this.#name, " ", this.#brief)
    this.#cut = button({}, "", () => this.#press())
    const head = (text: string, ...more: Node[]): HTMLElement =>
      element("div", { class: "row" }, element("span", { class: "head" }, text), ...more)
    const column = (text: string): HTMLElement => element("th", { scope: "col" }, text)
    this.#body = element(
      "div",
      { class: "body", id: "body" },
      this.#status,
      element("div", { class: "row" }, this.#cut, this.#next),
      head("Rooms"),
      this.#rooms,
      head("Bytes"),
      element(
        "table",
        { "aria-label": "Bytes by serializer" },
        element("thead", {}, element("tr", {}, column("Serializer"), column("Sent"), column("Received"))),
        this.#carried,
      ),
      head("Messages", ...this.#messages.buttons),
      this.#messages.list,
    )
    this.#body.addEventListener("keydown", ({ key }) => {
      if (key !== "Escape") return
      toggled()
      this.#toggle.focus()
    })
    this.root = element("section", {}, this.#toggle, this.#body)
    this.isOpen = false
    this.name = ""
  }

  get isOpen(): boolean {
    return !this.#body.hidden
  }

  set isOpen(isOpen: boolean) {
    if (isOpen === this.isOpen) return
    this.#body.hidden = !isOpen
    this.#toggle.ariaExpanded = String(isOpen)
    this.#tick()
    this.#draw()
  }

  set name(name: string) {
    setText(this.#name, name || "Socket")
    this.root.ariaLabel = name || "Socket"
  }

  /** Shows another socket, or none. */
  show(shown: Shown | undefined): void {
    this.#stop?.()
    this.#messages.clear()
    this.#shown = shown
    this.#inspection = shown && inspectSocket(shown.socket, { secrets: shown.secrets })
    this.#stop = this.#inspection?.listen((report) => {
      if (report.kind === "message" || report.kind === "error") this.#messages.add(report)
      this.#drawSoon()
    })
    this.#tick()
    this.#draw()
  }

  /** Pings and counts down, but only while the panel is open. */
  #tick(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    const { socket } = this.#shown ?? {}
    if (socket === undefined || !this.isOpen) return
    let ticks = 0
    const tick = (): void => {
      if (document.hidden) return
      // The inspection sees the answer.
      if (ticks++ % PING_TICKS === 0) socket.ping(() => {})
      this.#draw()
    }
    this.#timer = setInterval(tick, TICK_MS)
    tick()
  }

  #press(): void {
    const { socket, cable } = this.#shown ?? {}
    if (socket === undefined || socket.isDestroyed) return
    if (cable === undefined) {
      if (socket.status === "disconnected") socket.connect()
      else socket.disconnect()
    } else if (cable.isCut) {
      cable.mend()
      // At once, instead of at the next attempt.
      if (socket.status !== "disconnected") socket.connect()
    } else cable.cut()
    this.#draw()
  }

  #draw(): void {
    const snapshot = this.#inspection?.snapshot()
    const { socket, cable } = this.#shown ?? {}
    const isCut = cable?.isCut === true
    const status = snapshot?.status ?? "disconnected"
    this.root.dataset["tone"] = isCut || status === "disconnected" ? "bad" : status === "connected" ? "good" : "busy"
    setText(this.#brief, snapshot === undefined ? "none" : isCut ? "cut" : briefText(snapshot))
    if (!this.isOpen) return
    setText(this.#status, snapshot === undefined ? "No socket" : statusText(snapshot))
    setText(this.#next, snapshot === undefined ? "" : nextText(snapshot))
    this.#cut.hidden = socket === undefined || socket.isDestroyed
    const ways = cable === undefined ? ["Connect", "Disconnect"] : ["Mend the cable", "Cut the cable"]
    setText(this.#cut, ways[(cable === undefined ? status === "disconnected" : isCut) ? 0 : 1] as string)
    this.#drawRows(snapshot)
    this.#messages.draw()
  }

  /** Draws the rooms and the bytes, unless they are unchanged: a person may be selecting text. */
  #drawRows(snapshot: SocketSnapshot | undefined): void {
    const channels = this.#inspection?.channels(MOST_ROOMS) ?? []
    const { bytes = {} } = snapshot ?? {}
    const more = (snapshot?.channels ?? 0) - channels.length
    const rows = JSON.stringify([channels, more])
    if (rows !== this.#rows) this.#drawRooms(channels, more)
    this.#rows = rows
    const carried = JSON.stringify(bytes)
    if (carried !== this.#bytes) this.#drawBytes(bytes)
    this.#bytes = carried
  }

  #drawRooms(channels: readonly SocketChannel[], more: number): void {
    const rooms = channels.map(({ topic, state }) =>
      element("li", {}, topic, element("span", { class: "state" }, state)),
    )
    const note = more > 0 ? `${more} more` : rooms.length === 0 ? "None" : undefined
    if (note !== undefined) rooms.push(element("li", { class: "empty" }, note))
    this.#rooms.replaceChildren(...rooms)
  }

  #drawBytes(bytes: SocketSnapshot["bytes"]): void {
    this.#carried.replaceChildren(
      ...Object.entries(bytes).map(([name, { sent, received }]) =>
        element(
          "tr",
          {},
          element("th", { scope: "row" }, name),
          element("td", {}, bytesText(sent)),
          element("td", {}, bytesText(received)),
        ),
      ),
    )
  }
}
