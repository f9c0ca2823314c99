import type { Clock } from "rookery"
import type { ChatUser } from "../topics.js"

/** How often the room is told that a person is typing. */
export const TELL_MS = 3000
/** How long a person counts as typing after the last notification: one may be late or lost. */
export const TYPING_MS = 6000

/** The most people kept, because the text would not name more. */
const MOST = 10

/** The people who are typing in a room, each until some seconds after the last notification. */
export class Typists {
  readonly #clock: Clock
  readonly #changed: () => void
  /** In the order in which they began, so that further notifications do not change the text. */
  readonly #typing = new Map<string, { readonly user: ChatUser; readonly until: number }>()
  #timer: unknown

  /** @param changed called when somebody has stopped typing by the clock */
  constructor(clock: Clock, changed: () => void) {
    this.#clock = clock
    this.#changed = changed
  }

  get users(): readonly ChatUser[] {
    return [...this.#typing.values()].map(({ user }) => user)
  }

  /** Handles a notification that a person is typing. */
  heard(user: ChatUser): void {
    if (this.#typing.size >= MOST && !this.#typing.has(user.id)) return
    this.#typing.set(user.id, { user, until: this.#clock.now() + TYPING_MS })
    this.#wait()
  }

  /** A person has stopped typing, because the message has arrived. */
  done({ id }: Pick<ChatUser, "id">): void {
    if (this.#typing.delete(id)) this.#wait()
  }

  clear(): void {
    this.#typing.clear()
    this.#wait()
  }

  #wait(): void {
    this.#clock.clearTimeout(this.#timer)
    if (this.#typing.size === 0) return
    const first = Math.min(...[...this.#typing.values()].map(({ until }) => until))
    this.#timer = this.#clock.setTimeout(() => this.#expire(), first - this.#clock.now())
  }

  #expire(): void {
    const now = this.#clock.now()
    for (const [id, { until }] of this.#typing) if (until <= now) this.#typing.delete(id)
    this.#wait()
    this.#changed()
  }
}

/** The people who are typing, in words; empty for none. */
export function typingWords(names: readonly string[]): string {
  const [first, second] = names
  if (first === undefined) return ""
  if (second === undefined) return `${first} is typing…`
  return names.length === 2 ? `${first} and ${second} are typing…` : "Several people are typing…"
}
