import type { AnyTopics, Loose, MetaOf } from "../protocol/contract.js"
import { PRESENCE_DIFF, PRESENCE_STATE } from "../protocol/events.js"
import {
  applyDiff,
  diffOf,
  type OnPresenceJoin,
  type OnPresenceLeave,
  type PresenceDiff,
  type PresenceEntry,
  type PresenceState,
} from "../protocol/presence.js"
import type { Channel } from "./channel.js"

/**
 * The most diffs that wait for the state of a join; without a bound, a server that sends no state would fill the
 * memory. A few suffice: the server's state includes everything before it, so only diffs that overtake the state
 * matter.
 */
const MAX_EARLY = 1000

/** Options of {@link Presence}. */
export interface PresenceOptions {
  /**
   * The events that carry the state and the diffs.
   *
   * @default presence_state and presence_diff
   */
  events?: { state: string; diff: string } | undefined
}

/** The people in a room, kept up to date from the server's state and diffs. */
export class Presence<S = AnyTopics[string], Meta = MetaOf<S>> {
  readonly #channel: Channel<S>
  #state = Object.create(null) as PresenceState<Meta>
  /** The newest diffs that arrived before the state of their join, with the ref of that join. */
  #early: [joinRef: unknown, diff: PresenceDiff<Meta>][] = []
  /** The join whose state is known. */
  #syncedJoin: unknown = null
  #onJoin: OnPresenceJoin<Meta> | undefined
  #onLeave: OnPresenceLeave<Meta> | undefined
  #onSync: (() => void) | undefined

  constructor(channel: Channel<S>, { events = { state: PRESENCE_STATE, diff: PRESENCE_DIFF } }: PresenceOptions = {}) {
    this.#channel = channel
    const on = channel as unknown as Channel
    on.on(events.state, (state: PresenceState<Meta>) => {
      const joinRef = (this.#syncedJoin = channel.joinRef())
      this.#apply(diffOf(this.#state, state))
      const early = this.#early
      this.#early = []
      // Diffs of a join whose state never arrived are older than this state, and would bring back people who have left.
      for (const [ref, diff] of early) if (ref === joinRef) this.#apply(diff)
      this.#onSync?.()
    })
    on.on(events.diff, (diff: PresenceDiff<Meta>) => {
      if (this.inPendingSyncState()) {
        if (this.#early.push([channel.joinRef(), diff]) > MAX_EARLY) this.#early.shift()
      } else {
        this.#apply(diff)
        this.#onSync?.()
      }
    })
  }

  /** The people in the room, by key. */
  get state(): PresenceState<Meta> {
    return this.#state
  }

  /** Calls back for each key that gained metas; `current` is the former entry. */
  onJoin(callback: OnPresenceJoin<Meta>): void {
    this.#onJoin = callback
  }

  /** Calls back for each key that lost metas; `remaining` is the entry without them. */
  onLeave(callback: OnPresenceLeave<Meta>): void {
    this.#onLeave = callback
  }

  /** Calls back after each state and diff. */
  onSync(callback: () => void): void {
    this.#onSync = callback
  }

  /** The people in the room, each as `chooser` returns it. */
  list(): PresenceEntry<Meta>[]
  list<T>(chooser: (key: string, presence: PresenceEntry<Meta>) => T): T[]
  list<T>(chooser?: (key: string, presence: PresenceEntry<Meta>) => T): (T | PresenceEntry<Meta>)[] {
    return Presence.list(this.#state, chooser as (key: string, presence: PresenceEntry<Meta>) => T)
  }

  /** Whether the state of the current join has not arrived yet. */
  inPendingSyncState(): boolean {
    return this.#syncedJoin === null || this.#syncedJoin !== this.#channel.joinRef()
  }

  /** Merges a new full state into a former one, with callbacks for the changes. */
  static syncState<Meta = Loose>(
    current: PresenceState<Meta>,
    next: PresenceState<Meta>,
    onJoin?: OnPresenceJoin<Meta>,
    onLeave?: OnPresenceLeave<Meta>,
  ): PresenceState<Meta> {
    // The former state is not changed: a clone that has a prototype is copied into an object without one.
    return applyDiff({ ...current }, diffOf(current, next), onJoin, onLeave)
  }

  /** Applies a diff to a state, with callbacks for the changes. */
  static syncDiff<Meta = Loose>(
    state: PresenceState<Meta>,
    diff: PresenceDiff<Meta>,
    onJoin?: OnPresenceJoin<Meta>,
    onLeave?: OnPresenceLeave<Meta>,
  ): PresenceState<Meta> {
    return applyDiff(state, diff, onJoin, onLeave)
  }

  /** The entries of a state, each as `chooser` returns it. */
  static list<Meta = Loose>(state: PresenceState<Meta>): PresenceEntry<Meta>[]
  static list<T, Meta = Loose>(
    state: PresenceState<Meta>,
    chooser: (key: string, presence: PresenceEntry<Meta>) => T,
  ): T[]
  static list<T, Meta>(
    state: PresenceState<Meta>,
    chooser: (key: string, presence: PresenceEntry<Meta>) => T | PresenceEntry<Meta> = (_key, presence) => presence,
  ): (T | PresenceEntry<Meta>)[] {
    return Object.entries(state).map(([key, presence]) => chooser(key, presence))
  }

  #apply(diff: PresenceDiff<Meta>): void {
    this.#state = applyDiff(this.#state, diff, this.#onJoin, this.#onLeave)
  }
}
