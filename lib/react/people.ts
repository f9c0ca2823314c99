import { Presence, type Loose, type PresenceDiff, type PresenceState } from "rookery"

type State = PresenceState<Loose>

/**
 * The most diffs that wait for the state of a join, as in `Presence`: a server that sends no state must not fill the
 * memory.
 */
const MAX_EARLY = 1000

export const NOBODY: State = /* @__PURE__ */ Object.freeze(/* @__PURE__ */ Object.create(null) as State)

/** The people in a room, as immutable values. */
export class People {
  #state: State = NOBODY
  #shown: State | undefined = NOBODY
  /** The join whose state is known. */
  #syncedJoin: unknown = null
  /** The newest diffs that arrived before the state of their join, with the ref of that join. */
  #early: [joinRef: unknown, diff: PresenceDiff<Loose>][] = []

  /** All people, by key: the same object until someone joins or leaves. */
  get state(): State {
    return (this.#shown ??= Object.freeze(Object.assign(Object.create(null) as State, this.#state)))
  }

  /** Handles the whole state, the first message of every join. */
  sync(state: State, joinRef: unknown): void {
    this.#syncedJoin = joinRef
    this.#state = Presence.syncState(this.#state, state)
    // Diffs of a join whose state never arrived are older than this state, and would bring back people who have left.
    for (const [ref, diff] of this.#early.splice(0)) if (ref === joinRef) this.#apply(diff)
    this.#shown = undefined
  }

  /** Applies a diff, and returns whether anything visible has changed. */
  change(diff: PresenceDiff<Loose>, joinRef: unknown): boolean {
    const known = this.#syncedJoin !== null && this.#syncedJoin === joinRef
    if (known) this.#apply(diff)
    else if (this.#early.push([joinRef, diff]) > MAX_EARLY) this.#early.shift()
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
