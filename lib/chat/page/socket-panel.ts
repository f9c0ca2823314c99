import type { Chat } from "./chat.js"
import { byId, setText } from "../../page/dom.js"

/** The panel of the socket, under the connection light. It lies over the messages until a person goes elsewhere. */
export class SocketPanel {
  readonly #chat: Chat
  readonly #area: HTMLElement = byId("light", HTMLElement)
  readonly #opener: HTMLButtonElement = byId("show-socket", HTMLButtonElement)
  readonly #panel: HTMLElement = byId("socket", HTMLElement)
  readonly #rooms: HTMLElement = byId("socket-rooms", HTMLElement)

  constructor(chat: Chat, signal: AbortSignal) {
    this.#chat = chat
    const leave = ({ target }: Event): void => {
      if (!(target instanceof Node && this.#area.contains(target))) this.#show(false)
    }
    this.#opener.addEventListener("click", () => this.#show(this.#panel.hidden !== false), { signal })
    addEventListener("pointerdown", leave, { signal })
    addEventListener("focusin", leave, { signal })
    addEventListener("keydown", ({ key }) => key === "Escape" && this.#giveBack(), { signal })
    signal.addEventListener("abort", () => this.#show(false))
    this.#show(false)
  }

  render(): void {
    const { length } = this.#chat.rooms.filter(({ state }) => state !== "refused")
    setText(this.#rooms, length === 1 ? "One room on one socket." : `${length} rooms on one socket.`)
  }

  /** Closes the panel, and gives the focus back to the light, as it would otherwise be on nothing. */
  #giveBack(): void {
    if (this.#panel.hidden) return
    this.#show(false)
    this.#opener.focus()
  }

  #show(isShown: boolean): void {
    this.#panel.hidden = !isShown
    this.#opener.setAttribute("aria-expanded", String(isShown))
  }
}
