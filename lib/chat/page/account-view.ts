import { announce } from "./announcer.js"
import { avatar, initialsOf } from "./avatar.js"
import type { Chat } from "./chat.js"
import { byId, setText } from "../../page/dom.js"

/** The account: the display name, and the log-out. */
export class AccountView {
  readonly #chat: Chat
  readonly #name: HTMLElement = byId("own-name", HTMLElement)
  readonly #email: HTMLElement = byId("own-email", HTMLElement)
  readonly #picture: HTMLElement
  readonly #edit: HTMLButtonElement = byId("edit-name", HTMLButtonElement)
  readonly #form: HTMLFormElement = byId("name-form", HTMLFormElement)
  readonly #input: HTMLInputElement = byId("name-input", HTMLInputElement)
  readonly #error: HTMLElement = byId("account-error", HTMLElement)

  /** @param logOut returns a message to show if it failed */
  constructor(chat: Chat, logOut: () => Promise<string | undefined>, signal: AbortSignal) {
    this.#chat = chat
    this.#picture = avatar(chat.user.id)
    byId("own-avatar", HTMLElement).replaceChildren(this.#picture)
    this.#close(false)
    this.#edit.addEventListener("click", () => this.#open(), { signal })
    this.#form.addEventListener("submit", (event) => void this.#save(event), { signal })
    byId("name-cancel", HTMLElement).addEventListener("click", () => this.#close(true), { signal })
    this.#form.addEventListener(
      "keydown",
      (event) => {
        if (event.key !== "Escape") return
        event.stopPropagation()
        this.#close(true)
      },
      { signal },
    )
    const out = byId("log-out", HTMLElement)
    out.addEventListener("click", () => void logOut().then((error) => this.#tell(error ?? "")), { signal })
  }

  render(): void {
    const { user, people } = this.#chat
    const name = people.nameOf(user)
    setText(this.#picture, initialsOf(name))
    setText(this.#name, name)
    setText(this.#email, user.email)
  }

  #open(): void {
    this.#input.value = this.#chat.user.display_name ?? ""
    this.#form.hidden = false
    this.#edit.setAttribute("aria-expanded", "true")
    this.#input.select()
    this.#input.focus()
  }

  #close(focus: boolean): void {
    this.#form.hidden = true
    this.#edit.setAttribute("aria-expanded", "false")
    this.#tell("")
    if (focus) this.#edit.focus()
  }

  async #save(event: Event): Promise<void> {
    event.preventDefault()
    const typed = this.#input.value
    const error = await this.#chat.setDisplayName(typed.trim() || null)
    if (error !== undefined) return this.#tell(error)
    // Before the answer the person may have moved on: to the message field, or to yet another name.
    if (this.#input.value === typed) this.#close(this.#form.contains(document.activeElement))
    announce(`You are now ${this.#chat.people.nameOf(this.#chat.user)}.`)
  }

  #tell(error: string): void {
    this.#error.hidden = error === ""
    setText(this.#error, error)
  }
}
