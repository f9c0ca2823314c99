import type { Chat } from "./chat.js"
import { byId, setText } from "./dom.js"
import type { Room } from "./room.js"

/** What is above a room, and what is in its place while there is nothing to read. */
export class RoomView {
  readonly #chat: Chat
  readonly #title: HTMLElement = byId("room-title", HTMLElement)
  readonly #count: HTMLElement = byId("people-count", HTMLElement)
  readonly #people: HTMLButtonElement = byId("show-people", HTMLButtonElement)
  readonly #leave: HTMLButtonElement = byId("leave", HTMLButtonElement)
  readonly #placeholder: HTMLElement = byId("placeholder", HTMLElement)
  readonly #heading: HTMLElement = byId("placeholder-heading", HTMLElement)
  readonly #words: HTMLElement = byId("placeholder-text", HTMLElement)
  readonly #again: HTMLButtonElement = byId("enter-again", HTMLButtonElement)

  /** @param leave leaves the room that is shown */
  constructor(chat: Chat, leave: (room: Room) => void, signal: AbortSignal) {
    this.#chat = chat
    this.#leave.addEventListener("click", () => chat.current && leave(chat.current), { signal })
    this.#again.addEventListener("click", () => chat.current && chat.enter(chat.current), { signal })
  }

  render(): void {
    const room = this.#chat.current
    setText(this.#title, room?.name ?? "No room")
    this.#leave.hidden = !room
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

/** What to say where there is nothing to read. */
function placeholderOf(room: Room | undefined): [heading: string, words: string] {
  if (!room) return ["You are in no room", "Join one by its name, on the list of rooms."]
  if (room.state === "refused") return ["You cannot enter this room", room.error ?? ""]
  if (room.timeline.messages.length + room.outbox.items.length > 0) return ["", ""]
  if (room.state === "joining") return ["Joining…", "The messages are on their way."]
  return ["Nothing has been said here yet", "Say hello. Whoever comes later will read it, too."]
}
