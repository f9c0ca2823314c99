import type { Chat } from "./chat.js"
import { byId, setText } from "../../page/dom.js"
import { lightText } from "./light.js"

/** The connection light. A screen reader gets the state of the connection, but not the countdown. */
export class LightView {
  readonly #chat: Chat
  readonly #light: HTMLElement = byId("light", HTMLElement)
  readonly #text: HTMLElement = byId("light-text", HTMLElement)
  readonly #said: HTMLElement = byId("light-said", HTMLElement)
  readonly #named: HTMLElement = byId("light-named", HTMLElement)
  readonly #now: HTMLButtonElement = byId("connect-now", HTMLButtonElement)

  constructor(chat: Chat, signal: AbortSignal) {
    this.#chat = chat
    this.#now.addEventListener("click", () => chat.connectNow(), { signal })
  }

  render(): void {
    const { light } = this.#chat.line
    this.#light.dataset["tone"] = light.tone
    setText(this.#text, lightText(light))
    setText(this.#said, light.state)
    setText(this.#named, light.state)
    this.#now.hidden = light.seconds === undefined
  }
}
