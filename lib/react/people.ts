import { Presence, type Loose, type PresenceDiff, type PresenceState } from "rookery"

type State = PresenceState<Loose>

export const NOBODY: State = /* @__PURE__ */ Object.freeze(/* @__PURE__ */ Object.create(null) as State)

/** The people in a room, as immutable values. */
export class People {
  #state: State = NOBODY
  #shown: State | undefined = NOBODY
  /** The join whose state is known. */
  #syncedJoin: unknown = null
  /** Diffs that came before the state of their join. */
  #early: PresenceDiff<Loose>[] = []

  /** All people, by key: the same object until one comes or goes. */
  get state(): State {
    return (this.#shown ??= Object.freeze(Object.assign(Object.create(null) as State, this.#state)))
  }

  /** Takes the whole state, the first message of every join. */
  sync(state: State, joinRef: unknown): void {
    this.#syncedJoin = joinRef
    this.#state = Presence.syncState(this.#state, state)
    for (const diff of this.#early.splice(0)) this.#apply(diff)
    this.#shown = undefined
  }

  /** Takes who came and who went, and says whether that can be seen. */
  change(diff: PresenceDiff<Loose>, joinRef: unknown): boolean {
    const known = this.#syncedJoin !== null && this.#syncedJoin === joinRef
    if (known) this.#apply(diff)
    else this.#early.push(diff)
    return known
  }

  clear(): void {
    this.#state = this.#shown = NOBODY
    this.#syncedJoin = null
    this.#early = []
  }

  #apply(diff: PresenceDiff<Loose>): void {
    this.#state = Presence.syncDiff(this.#state, diff)
    this.#shown = undefined
  }
}
