import type { ChatUser } from "../topics.js"

/** By what names people go now, whatever they were called when they spoke. */
export class People {
  readonly #names = new Map<string, string | null>()

  /** Learns how somebody is called now; `false` if that is known. */
  rename({ id }: Pick<ChatUser, "id">, name: string | null): boolean {
    if (this.#names.get(id) === name) return false
    this.#names.set(id, name)
    return true
  }

  /** The name somebody chose, if any. */
  chosenName({ id, display_name }: ChatUser): string | null {
    const known = this.#names.get(id)
    return known === undefined ? display_name : known
  }

  /** The name of a person. */
  nameOf(user: ChatUser): string {
    return this.chosenName(user) ?? user.email
  }
}
