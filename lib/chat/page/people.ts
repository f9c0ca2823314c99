import { localPart, type ChatUser } from "../topics.js"

/** A mark of four letters and digits, always the same for a person. */
function markOf(id: string): string {
  let hash = 0x811c9dc5
  for (const letter of id) hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x01000193) >>> 0
  return hash.toString(36).padStart(4, "0").slice(-4)
}

/** The current names of people, whatever their names were when they wrote a message. */
export class People {
  readonly #names = new Map<string, string | null>()
  /** The name under which each person is among the namesakes. */
  readonly #called = new Map<string, string>()
  readonly #namesakes = new Map<string, Set<string>>()

  /** Stores a person's current name; returns `false` if it is unchanged. */
  rename(user: ChatUser, name: string | null): boolean {
    const isKnown = this.#names.get(user.id) === name
    this.#names.set(user.id, name)
    this.meet(user)
    return !isKnown
  }

  /** Adds a visible person, so that two people with the same name can be distinguished. */
  meet(user: ChatUser): void {
    const name = this.nameOf(user).toLowerCase()
    const former = this.#called.get(user.id)
    if (former === name) return
    if (former !== undefined) this.#namesakes.get(former)?.delete(user.id)
    this.#called.set(user.id, name)
    const namesakes = this.#namesakes.get(name)
    if (namesakes) namesakes.add(user.id)
    else this.#namesakes.set(name, new Set([user.id]))
  }

  /** The name that a person chose, if any. */
  chosenName({ id, display_name }: ChatUser): string | null {
    const known = this.#names.get(id)
    return known === undefined ? display_name : known
  }

  /** The name of a person, without an address. */
  nameOf(user: ChatUser): string {
    return this.chosenName(user) ?? localPart(user.email)
  }

  /** The mark of a person beside the name, if others go by the same name. */
  markOf(user: ChatUser): string {
    const namesakes = this.#namesakes.get(this.nameOf(user).toLowerCase())
    return (namesakes?.size ?? 0) > 1 ? `#${markOf(user.id)}` : ""
  }
}
