import { announce } from "./announcer.js"
import type { Chat } from "./chat.js"
import { byId, setText } from "../../page/dom.js"
import type { Room } from "./room.js"
import { Sparing } from "./sparing.js"
import { typingWords } from "./typists.js"

/** The shortest time between two announcements that somebody is typing. */
const ANNOUNCE_MS = 30_000

/**
 * The people who are typing in the room that is shown. The words are not in a live region, which would read out each of
 * their changes: a screen reader is told when typing begins, and rarely.
 */
export class TypingView {
  readonly #chat: Chat
  readonly #words: HTMLElement = byId("typing", HTMLElement)
  readonly #announcements: Sparing
  #room: Room | undefined

  constructor(chat: Chat) {
    this.#chat = chat
    this.#announcements = new Sparing(ANNOUNCE_MS, chat.clock)
  }

  render(): void {
    const { current, people } = this.#chat
    const words = typingWords((current?.typists.users ?? []).map((user) => people.nameOf(user)))
    const began = words !== "" && this.#words.textContent === "" && current === this.#room
    this.#room = current
    setText(this.#words, words)
    if (began && this.#announcements.take()) announce(words)
  }
}
