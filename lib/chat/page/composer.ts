import { MAX_CONTENT } from "../topics.js"
import { announce } from "./announcer.js"
import type { Chat } from "./chat.js"
import { byId, setAttributes, setText } from "../../page/dom.js"
import type { Room } from "./room.js"

/** The counter appears when this many characters are left. */
const COUNTED = 400

/** The form for a message. Each room has a draft of its own. */
export class Composer {
  readonly #chat: Chat
  readonly #form: HTMLFormElement = byId("composer", HTMLFormElement)
  readonly #text: HTMLTextAreaElement = byId("composer-text", HTMLTextAreaElement)
  readonly #label: HTMLElement = byId("composer-label", HTMLElement)
  readonly #count: HTMLElement = byId("composer-count", HTMLElement)
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
    this.#showCount()
    setText(this.#label, `Message to ${room.name}`)
    setAttributes(this.#text, { placeholder: `Message to ${room.name}` })
    const isOpen = room.state === "joined" && this.#chat.line.light.state === "Connected"
    this.#form.classList.toggle("away", !isOpen)
    setText(
      this.#hint,
      isOpen ? "Enter sends, Shift and Enter begin a new line." : "Not connected. What you send will wait.",
    )
  }

  /** Inserts a mention at the cursor. */
  mention(handle: string): void {
    const { selectionStart: at, selectionEnd: end, value } = this.#text
    const space = at > 0 && !/\s$/.test(value.slice(0, at)) ? " " : ""
    this.#text.setRangeText(`${space}@${handle} `, at, end, "end")
    this.#typed()
    this.focus()
  }

  focus(): void {
    this.#text.focus()
  }

  #typed(): void {
    if (this.#room) {
      this.#room.draft = this.#text.value
      this.#room.typed()
    }
    this.#fit()
    this.#showCount()
  }

  #key(event: KeyboardEvent): void {
    if (event.key !== "Enter" || event.shiftKey || isComposing(event)) return
    event.preventDefault()
    this.#form.requestSubmit()
  }

  #submit(event: Event): void {
    event.preventDefault()
    const room = this.#room
    const content = this.#text.value.trim()
    if (!room || content === "") return
    if (charactersLeft(content) < 0) return announce(`The message is too long. ${this.#count.textContent}`)
    room.draft = ""
    room.send(content)
    this.#text.value = ""
    this.#fit()
    this.#showCount()
    this.focus()
    if (room.state !== "joined") announce("It waits for the connection.")
  }

  /** Shows the remaining characters once there are few. A text that is too long is kept whole and not sent. */
  #showCount(): void {
    const left = charactersLeft(this.#text.value.trim())
    this.#count.hidden = left > COUNTED
    this.#count.classList.toggle("error", left < 0)
    const characters = Math.abs(left) === 1 ? "character" : "characters"
    setText(this.#count, left < 0 ? `${-left} ${characters} too many.` : `${left} ${characters} left.`)
    this.#text.setAttribute("aria-invalid", String(left < 0))
  }

  /** As high as its content, within the limits of the style. */
  #fit(): void {
    this.#text.style.height = "auto"
    this.#text.style.height = `${this.#text.scrollHeight + this.#text.offsetHeight - this.#text.clientHeight}px`
  }
}

/**
 * Whether an input method is composing text, in which Enter selects a candidate. In Safari the composition has ended
 * before the keydown of that Enter, which is recognized only by its code.
 */
function isComposing(event: KeyboardEvent): boolean {
  return event.isComposing || event.keyCode === 229
}

function charactersLeft(content: string): number {
  // Counting the characters of a text that is far too long takes time with each key.
  return content.length > 4 * MAX_CONTENT ? MAX_CONTENT - content.length : MAX_CONTENT - [...content].length
}
