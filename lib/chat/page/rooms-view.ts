import type { Chat } from "./chat.js"
import { byId, element, icon, setAttributes } from "../../page/dom.js"
import { KeyedList } from "./keyed-list.js"
import { roomNameOf } from "./room-choices.js"
import type { Room } from "./room.js"

/** The rooms that the person is in, and the button to enter others. */
export class RoomsView {
  readonly #chat: Chat
  readonly #form: HTMLFormElement = byId("join", HTMLFormElement)
  readonly #name: HTMLInputElement = byId("join-name", HTMLInputElement)
  readonly #elsewhere: HTMLElement = byId("unread-elsewhere", HTMLElement)
  readonly #list: KeyedList<Room>

  /** @param open shows a room of this name */
  constructor(chat: Chat, open: (name: string) => void, signal: AbortSignal) {
    this.#chat = chat
    this.#list = new KeyedList<Room>(byId("room-list", HTMLElement), {
      key: ({ name }) => name,
      make: (room) => makeRow(room, () => open(room.name)),
      update: (row, room) => updateRow(row, room, room === this.#chat.current),
    })
    this.#list.clear()
    this.#form.addEventListener(
      "submit",
      (event) => {
        event.preventDefault()
        const name = roomNameOf(this.#name.value)
        if (name === "") return
        this.#form.reset()
        open(name)
      },
      { signal },
    )
  }

  render(): void {
    const { rooms, current } = this.#chat
    this.#list.show(rooms)
    this.#elsewhere.hidden = !rooms.some((room) => room !== current && room.unread > 0)
  }
}

function makeRow(room: Room, pressed: () => void): HTMLElement {
  const name = element("span", { class: "name", dir: "auto" }, room.name)
  const [mentions, unread] = [element("span", { class: "mentions" }), element("span", { class: "unread" })]
  const open = element("button", { type: "button", class: "room" }, icon("room"), name, mentions, unread)
  open.addEventListener("click", pressed)
  return element("li", {}, open)
}

function updateRow(row: HTMLElement, { unread, mentions, state }: Room, isCurrent: boolean): void {
  const [open, count, mentioned] = ["button", ".unread", ".mentions"].map((selector) => row.querySelector(selector))
  if (!open || !count || !mentioned) return
  setAttributes(open, { "aria-current": isCurrent && "true" })
  open.classList.toggle("refused", state === "refused")
  open.classList.toggle("has-unread", unread > 0)
  badge(count, unread, "", " unread")
  badge(mentioned, mentions, "@", mentions === 1 ? " mention of you, " : " mentions of you, ")
}

/** Shows a number, with a description for screen readers; shows nothing for zero. */
function badge(target: Element, count: number, sign: string, words: string): void {
  if (count === 0) return target.replaceChildren()
  const shown = sign + (count > 99 ? "99+" : String(count))
  if (target.firstChild?.textContent === shown) return
  target.replaceChildren(element("span", {}, shown), element("span", { class: "for-readers" }, words))
}
