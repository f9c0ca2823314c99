import type { DirectoryRoom } from "../topics.js"
import type { Chat } from "./chat.js"
import { byId, element, icon, setAttributes, setText } from "../../page/dom.js"
import { KeyedList } from "./keyed-list.js"
import { choicesOf, type RoomChoice } from "./room-choices.js"

const STEPS: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1 }

/**
 * The dialog to switch to another room: a combobox with a listbox. The focus stays in the field, and the arrows move
 * the active option.
 */
export class SwitcherView {
  readonly #chat: Chat
  readonly #open: (name: string) => void
  readonly #dialog: HTMLDialogElement = byId("switcher", HTMLDialogElement)
  readonly #input: HTMLInputElement = byId("switcher-input", HTMLInputElement)
  readonly #listbox: HTMLElement = byId("switcher-list", HTMLElement)
  readonly #status: HTMLElement = byId("switcher-status", HTMLElement)
  readonly #list: KeyedList<RoomChoice>
  #choices: RoomChoice[] = []
  /** The name of the active option: rooms come and go while a person chooses. */
  #active = ""
  #directory: readonly DirectoryRoom[] = []
  /** The message while the directory is loading or if it failed. */
  #trouble = ""

  /** @param open shows a room of this name */
  constructor(chat: Chat, open: (name: string) => void, signal: AbortSignal) {
    this.#chat = chat
    this.#open = open
    this.#list = new KeyedList<RoomChoice>(this.#listbox, {
      key: ({ name, kind }) => `${kind} ${name}`,
      make: (choice) => this.#makeOption(choice),
      update: (row, choice) => this.#updateOption(row, choice),
    })
    this.#list.clear()
    byId("open-switcher", HTMLElement).addEventListener("click", () => this.#show(), { signal })
    byId("switcher-close", HTMLElement).addEventListener("click", () => this.#dialog.close(), { signal })
    if (/Mac|iPhone|iPad/.test(navigator.userAgent)) setText(byId("switcher-keys", HTMLElement), "⌘K")
    addEventListener("keydown", (event) => this.#shortcut(event), { signal })
    this.#input.addEventListener("input", () => this.#typed(), { signal })
    this.#dialog.addEventListener("keydown", (event) => this.#key(event), { signal })
    // A modal dialog that stays open would make the log-in page inert.
    signal.addEventListener("abort", () => this.#dialog.close())
  }

  render(): void {
    if (!this.#dialog.open) return
    this.#choices = choicesOf(this.#input.value, this.#chat.rooms, this.#directory)
    if (!this.#choices.some(({ name }) => name === this.#active)) this.#active = this.#choices[0]?.name ?? ""
    this.#listbox.hidden = this.#choices.length === 0
    this.#list.show(this.#choices)
    const active = this.#listbox.querySelector("[aria-selected=true]")
    setAttributes(this.#input, {
      "aria-expanded": String(this.#choices.length > 0),
      "aria-activedescendant": active?.id,
    })
    const count = this.#choices.length === 1 ? "1 room." : `${this.#choices.length} rooms.`
    setText(this.#status, [count, this.#trouble].filter(Boolean).join(" "))
  }

  #shortcut(event: KeyboardEvent): void {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return
    event.preventDefault()
    if (this.#dialog.open) this.#dialog.close()
    // An open question in another dialog has to be answered first.
    else if (document.querySelector("dialog[open]") === null) this.#show()
  }

  #show(): void {
    this.#input.value = ""
    this.#active = ""
    this.#dialog.showModal()
    this.#input.focus()
    void this.#loadDirectory()
    this.render()
  }

  async #loadDirectory(): Promise<void> {
    this.#trouble = "Looking for others…"
    const found = await this.#chat.directory()
    if (typeof found !== "string") this.#directory = found
    this.#trouble = typeof found === "string" ? `Others cannot be listed: ${found}` : ""
    this.render()
  }

  #typed(): void {
    // The best match for what is typed now.
    this.#active = ""
    this.render()
  }

  #key(event: KeyboardEvent): void {
    // The panel under the dialog stays open.
    if (event.key === "Escape") return event.stopPropagation()
    if (event.target !== this.#input || event.isComposing) return
    if (event.key === "Enter") {
      event.preventDefault()
      return this.#choose(this.#active)
    }
    const step = STEPS[event.key]
    if (step === undefined || this.#choices.length === 0) return
    event.preventDefault()
    const at = this.#choices.findIndex(({ name }) => name === this.#active)
    this.#active = this.#choices.at((at + step) % this.#choices.length)?.name ?? ""
    this.render()
    this.#listbox.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" })
  }

  #choose(name: string): void {
    if (name === "") return
    this.#dialog.close()
    this.#open(name)
  }

  #makeOption({ name }: RoomChoice): HTMLElement {
    const option = element(
      "li",
      { role: "option", class: "option" },
      icon("room"),
      element("span", { class: "name", dir: "auto" }, name),
      element("span", { class: "detail", dir: "auto" }),
    )
    // The focus stays in the field.
    option.addEventListener("mousedown", (event) => event.preventDefault())
    option.addEventListener("click", () => this.#choose(name))
    return option
  }

  #updateOption(row: HTMLElement, choice: RoomChoice): void {
    const detail = row.querySelector(".detail")
    if (detail) setText(detail, choice.detail)
    setAttributes(row, {
      id: `switcher-option-${this.#choices.indexOf(choice)}`,
      "aria-selected": String(choice.name === this.#active),
    })
  }
}
