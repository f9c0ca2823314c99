import type { Chat } from "./chat.js"
import { announce } from "./announcer.js"
import { byId, setText } from "../../page/dom.js"
import type { Room } from "./room.js"

/** The head of a room, and the placeholder while there are no messages. */
export class RoomView {
  readonly #chat: Chat
  readonly #title: HTMLElement = byId("room-title", HTMLElement)
  readonly #count: HTMLElement = byId("people-count", HTMLElement)
  readonly #people: HTMLButtonElement = byId("show-people", HTMLButtonElement)
  readonly #leave: HTMLButtonElement = byId("leave", HTMLButtonElement)
  readonly #dialog: HTMLDialogElement = byId("leave-dialog", HTMLDialogElement)
  readonly #copy: HTMLButtonElement = byId("copy-link", HTMLButtonElement)
  readonly #placeholder: HTMLElement = byId("placeholder", HTMLElement)
  readonly #heading: HTMLElement = byId("placeholder-heading", HTMLElement)
  readonly #words: HTMLElement = byId("placeholder-text", HTMLElement)
  readonly #again: HTMLButtonElement = byId("enter-again", HTMLButtonElement)
  /** The room that the dialog asks about. The Back button may show another one before the answer. */
  #asked: Room | undefined

  /** @param leave leaves a room */
  constructor(chat: Chat, leave: (room: Room) => void, signal: AbortSignal) {
    this.#chat = chat
    this.#leave.addEventListener("click", () => this.#askToLeave(), { signal })
    this.#dialog.addEventListener(
      "close",
      () => {
        if (this.#dialog.returnValue === "leave" && this.#asked) leave(this.#asked)
      },
      { signal },
    )
    // A modal dialog that stays open would make the log-in page inert.
    signal.addEventListener("abort", () => this.#dialog.close())
    this.#copy.addEventListener("click", () => void this.#copyLink(), { signal })
    this.#again.addEventListener("click", () => chat.current && chat.enter(chat.current), { signal })
  }

  #askToLeave(): void {
    const { current } = this.#chat
    if (!current) return
    this.#asked = current
    setText(byId("leave-heading", HTMLElement), `Leave ${current.name}?`)
    this.#dialog.returnValue = ""
    this.#dialog.showModal()
  }

  async #copyLink(): Promise<void> {
    const { current } = this.#chat
    if (!current) return
    const link = new URL(`#${encodeURIComponent(current.name)}`, location.href).href
    try {
      await navigator.clipboard.writeText(link)
      announce(`The link to ${current.name} is copied.`)
      this.#copy.dataset["done"] = current.name
    } catch {
      announce(`The link could not be copied. It is ${link}`)
    }
  }

  render(): void {
    const room = this.#chat.current
    setText(this.#title, room?.name ?? "No room")
    this.#leave.hidden = !room
    this.#copy.hidden = !room
    if (this.#copy.dataset["done"] !== room?.name) delete this.#copy.dataset["done"]
    this.#people.hidden = !room
    if (room) setText(this.#count, String(room.users.length))
    const [heading, words] = placeholderOf(room)
    this.#placeholder.hidden = heading === ""
    this.#placeholder.dataset["state"] = room?.state ?? "none"
    setText(this.#heading, heading)
    setText(this.#words, words)
    this.#again.hidden = room?.state !== "refused"
  }
}

/** The placeholder for a room without messages. */
function placeholderOf(room: Room | undefined): [heading: string, words: string] {
  if (!room) return ["You are in no room", "Join one by its name, on the list of rooms."]
  if (room.state === "refused") return ["You cannot enter this room", room.error ?? ""]
  if (room.timeline.messages.length + room.outbox.items.length > 0) return ["", ""]
  if (room.state === "joining") return ["Joining…", "The messages are on their way."]
  return ["Nothing has been said here yet", "Say hello. Whoever comes later will read it, too."]
}
