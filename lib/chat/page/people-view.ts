import type { ChatUser } from "../topics.js"
import { avatar, initialsOf } from "./avatar.js"
import type { Chat } from "./chat.js"
import { byId, element, setText } from "../../page/dom.js"
import { KeyedList } from "./keyed-list.js"
import { handlesOf } from "./mentions.js"

/** The people in the room that is shown. */
export class PeopleView {
  readonly #chat: Chat
  readonly #heading: HTMLElement = byId("people-heading", HTMLElement)
  readonly #list: KeyedList<ChatUser>

  /** @param mention inserts the mention of a person, after an `@`, into the message */
  constructor(chat: Chat, mention: (handle: string) => void) {
    this.#chat = chat
    const pressed = (user: ChatUser): void => {
      const [handle] = handlesOf(chat.people.nameOf(user))
      if (handle !== undefined) mention(handle)
    }
    this.#list = new KeyedList<ChatUser>(byId("people-list", HTMLElement), {
      key: ({ id }) => id,
      make: (user) => {
        const shown = [
          avatar(user.id),
          element("span", { class: "who" }, element("strong", { dir: "auto" }), element("span", { class: "beside" })),
        ]
        if (user.id === chat.user.id) return element("li", {}, ...shown)
        const words = element("span", { class: "for-readers" }, "Mention in the message")
        const open = element("button", { type: "button", class: "person" }, ...shown, words)
        open.addEventListener("click", () => pressed(user))
        return element("li", {}, open)
      },
      update: (row, user) => this.#update(row, user),
    })
    this.#list.clear()
  }

  render(): void {
    const { current, people } = this.#chat
    const users = [...(current?.users ?? [])]
    users.sort((a, b) => people.nameOf(a).localeCompare(people.nameOf(b)) || (a.id < b.id ? -1 : 1))
    const isKnown = current?.state === "joined"
    const heading = isKnown ? `Here now: ${users.length}` : users.length > 0 ? "Here a moment ago" : "Nobody to show"
    setText(this.#heading, heading)
    this.#list.show(users)
  }

  #update(row: HTMLElement, user: ChatUser): void {
    const { people, user: self } = this.#chat
    const name = people.nameOf(user)
    const isSelf = user.id === self.id
    const [letters, called, beside] = [".avatar", "strong", ".beside"].map((selector) => row.querySelector(selector))
    if (!letters || !called || !beside) return
    setText(letters, initialsOf(name))
    setText(called, name)
    setText(beside, isSelf ? "You" : people.markOf(user))
  }
}
