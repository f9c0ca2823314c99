import type { Socket } from "rookery"
import { setAttributes } from "../page/dom.js"
import type { Cable } from "./cable.js"
import { STYLE } from "./style.js"
import { PanelView } from "./view.js"

/** Options of {@link showPanel}. */
export interface PanelOptions {
  /** The cable of the socket: the button cuts it. Without one it disconnects the socket. @default none */
  readonly cable?: Cable | undefined
  /** The name of the socket, for a page that has several. @default "Socket" */
  readonly label?: string | undefined
  /** Further names of payload keys whose values are hidden. @default the usual names of secrets */
  readonly secrets?: RegExp | undefined
  /** The element to show it in. @default the corner of the page */
  readonly parent?: Element | undefined
}

/**
 * The element `<rookery-panel>`. It listens to its socket while it is in a page.
 *
 * The attribute `open` opens it, `label` names it, and `inline` shows it in place instead of in the corner.
 */
export interface Panel extends HTMLElement {
  /** The socket to show. */
  socket: Socket | undefined
  /** The cable of the socket, if it has one to cut. */
  cable: Cable | undefined
  /** Further names of payload keys whose values are hidden. */
  secrets: RegExp | undefined
  /** Whether it is open, or a button in the corner. */
  open: boolean
}

const NAME = "rookery-panel"
const PROPERTIES = ["socket", "cable", "secrets", "open"] as const

// Created when the element is defined, because outside a page there is no class HTMLElement to extend.
const makeClass = (): CustomElementConstructor =>
  class extends HTMLElement implements Panel {
    static get observedAttributes(): string[] {
      return ["open", "label"]
    }

    readonly #view: PanelView
    readonly #options: Pick<Panel, "socket" | "cable" | "secrets"> = {
      socket: undefined,
      cable: undefined,
      secrets: undefined,
    }

    constructor() {
      super()
      this.#view = new PanelView(() => {
        this.open = !this.open
      })
      const root = this.attachShadow({ mode: "open" })
      // Not a style element, which a page's Content-Security-Policy may forbid.
      const sheet = new CSSStyleSheet()
      sheet.replaceSync(STYLE)
      root.adoptedStyleSheets = [sheet]
      root.append(this.#view.root)
    }

    get socket(): Socket | undefined {
      return this.#options.socket
    }

    set socket(socket: Socket | undefined) {
      this.#options.socket = socket
      this.#show()
    }

    get cable(): Cable | undefined {
      return this.#options.cable
    }

    set cable(cable: Cable | undefined) {
      this.#options.cable = cable
      this.#show()
    }

    get secrets(): RegExp | undefined {
      return this.#options.secrets
    }

    set secrets(secrets: RegExp | undefined) {
      this.#options.secrets = secrets
      this.#show()
    }

    get open(): boolean {
      return this.hasAttribute("open")
    }

    set open(open: boolean) {
      this.toggleAttribute("open", open)
    }

    connectedCallback(): void {
      // Properties that were set before the element was defined hide those of the class.
      for (const name of PROPERTIES) {
        if (!Object.hasOwn(this, name)) continue
        const value = this[name]
        Reflect.deleteProperty(this, name)
        Object.assign(this, { [name]: value })
      }
      this.#show()
    }

    disconnectedCallback(): void {
      this.#view.show(undefined)
    }

    attributeChangedCallback(): void {
      this.#view.isOpen = this.open
      this.#view.name = this.getAttribute("label") ?? ""
    }

    #show(): void {
      const { socket, cable, secrets } = this.#options
      this.#view.show(socket && this.isConnected ? { socket, cable, secrets } : undefined)
    }
  }

/** Defines the element `<rookery-panel>`, once. Does nothing without a DOM, as when a server renders a page. */
export function definePanel(): void {
  const { customElements } = globalThis as Partial<typeof globalThis>
  if (customElements?.get(NAME) === undefined) customElements?.define(NAME, makeClass())
}

/**
 * Shows a panel of a socket, by default in the corner of the page: its status, latency, rooms, messages, bytes by
 * serializer, and a button that cuts the connection. Call the element's `remove()` to remove it.
 *
 * ```ts
 * const panel = showPanel(socket)
 * ```
 */
export function showPanel(socket: Socket, { cable, label, secrets, parent }: PanelOptions = {}): Panel {
  definePanel()
  const panel = document.createElement(NAME) as Panel
  setAttributes(panel, { label, inline: parent !== undefined })
  Object.assign(panel, { socket, cable, secrets })
  const place = parent ?? document.body
  place.append(panel)
  return panel
}
