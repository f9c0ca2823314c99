import { announce } from "./announcer.js"
import type { Chat } from "./chat.js"
import { byId, setAttributes, setText } from "./dom.js"
import type { Room } from "./room.js"

/** Where somebody writes. Each room has a draft of its own. */
export class Composer {
  readonly #chat: Chat
  readonly #form: HTMLFormElement = byId("composer", HTMLFormElement)
  readonly #text: HTMLTextAreaElement = byId("composer-text", HTMLTextAreaElement)
  readonly #label: HTMLElement = byId("composer-label", HTMLElement)
  readonly #hint: HTMLElement = byId("composer-hint", HTMLElement)
  #room: Room | undefined

  constructor(chat: Chat, signal: AbortSignal) {
    this.#chat = chat
    this.#form.addEventListener("submit", (event) => this.#submit(event), { signal })
    this.#text.addEventListener("input", () => this.#typed(), { signal })
    this.#text.addEventListener("keydown", (event) => this.#key(event), { signal })
  }

  render(): void {
    const room = this.#chat.current
    this.#room = room
    this.#form.hidden = !room || room.state === "refused"
    if (!room) return
    if (this.#text.value !== room.draft) {
      this.#text.value = room.draft
      this.#fit()
    }
    setText(this.#label, `Message to ${room.name}`)
    setAttributes(this.#text, { placeholder: `Message to ${room.name}` })
    const isOpen = room.state === "joined" && this.#chat.line.light.state === "Connected"
    this.#form.classList.toggle("away", !isOpen)
    setText(
      this.#hint,
      isOpen ? "Enter sends, Shift and Enter begin a new line." : "Not connected. What you send will wait.",
    )
  }

  focus(): void {
    this.#text.focus()
  }

  #typed(): void {
    if (this.#room) this.#room.draft = this.#text.value
    this.#fit()
  }

  #key(event: KeyboardEvent): void {
    // While letters are being composed, Enter picks some.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return
    event.preventDefault()
    this.#form.requestSubmit()
  }

  #submit(event: Event): void {
    event.preventDefault()
    const room = this.#room
    const content = this.#text.value.trim()
    if (!room || content === "") return
    room.draft = ""
    room.send(content)
    this.#text.value = ""
    this.#fit()
    this.focus()
    if (room.state !== "joined") announce("It waits for the connection.")
  }

  /** As high as what is in it, within what the style allows. */
  #fit(): void {
    this.#text.style.height = "auto"
    this.#text.style.height = `${this.#text.scrollHeight + this.#text.offsetHeight - this.#text.clientHeight}px`
  }
}
