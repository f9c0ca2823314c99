import { randomFillSync } from "node:crypto"
import { RookeryError } from "../protocol/errors.js"
import { PRESENCE_DIFF, PRESENCE_STATE } from "../protocol/events.js"
import type { PresenceDiff, PresenceEntry, PresenceRefs, PresenceState } from "../protocol/presence.js"
import { atEndOfTurn } from "./end-of-turn.js"

type Meta = PresenceRefs & Record<string, unknown>

/** Whoever tracks: one channel of one client. */
export interface Tracker {
  readonly topic: string
  push(event: string, payload: unknown): void
}

/** What the tracking needs of the endpoint. */
export interface PresenceHost {
  publish(topic: string, event: string, payload: unknown): void
  failed(error: unknown, topic: string): void
}

const bare = <T>(): Record<string, T> => Object.create(null) as Record<string, T>

const pool = Buffer.alloc(12 * 128)
let unused = pool.length

/** Sixteen characters that nobody else has, as Phoenix's are. */
function makeRef(): string {
  if (unused === pool.length) {
    randomFillSync(pool)
    unused = 0
  }
  const ref = pool.toString("base64url", unused, unused + 12)
  unused += 12
  return ref
}

function isObject(meta: unknown): meta is Record<string, unknown> {
  return typeof meta === "object" && meta !== null && !Array.isArray(meta)
}

function add(into: PresenceState, key: string, meta: Meta): void {
  const entry = into[key]
  if (entry === undefined) into[key] = { metas: [meta] }
  else entry.metas.push(meta)
}

/** Takes a meta out of a state by its ref; `false` if it is not there. */
function take(from: PresenceState, key: string, ref: string): boolean {
  const entry = from[key]
  const at = entry?.metas.findIndex((meta) => meta.phx_ref === ref) ?? -1
  if (entry === undefined || at === -1) return false
  entry.metas.splice(at, 1)
  if (entry.metas.length === 0) delete from[key]
  return true
}

interface Room {
  readonly state: PresenceState
  /** What each channel tracks: its metas by key. */
  readonly own: Map<Tracker, Map<string, Meta>>
  /** What changed in this turn; told to everybody at its end. */
  changes: PresenceDiff | undefined
  /** Channels that get the state behind the diff. */
  readonly greet: Set<Tracker>
}

/**
 * Who is where, on this node. A change costs by the change, not by the room; the changes of one turn of the event loop go
 * out as one diff, so that a thousand sockets that drop at once are one message to each of the others.
 */
export class PresenceTable {
  readonly #host: PresenceHost
  readonly #rooms = new Map<string, Room>()
  readonly #changed = new Set<string>()
  #scheduled = false

  constructor(host: PresenceHost) {
    this.#host = host
  }

  track(tracker: Tracker, key: string, meta: unknown, greet: boolean): void {
    const room = this.#room(tracker.topic)
    let own = room.own.get(tracker)
    if (own === undefined) {
      room.own.set(tracker, (own = new Map()))
      if (greet) room.greet.add(tracker)
    }
    if (own.has(key)) {
      throw new RookeryError("already_tracked", `presence ${key} is tracked by this channel already; use update()`)
    }
    const tracked: Meta = { ...this.#checked(meta), phx_ref: makeRef() }
    own.set(key, tracked)
    add(room.state, key, tracked)
    add(this.#changes(tracker.topic, room).joins, key, tracked)
  }

  update(tracker: Tracker, key: string, update: unknown): void {
    const room = this.#rooms.get(tracker.topic)
    const old = room?.own.get(tracker)?.get(key)
    if (room === undefined || old === undefined) {
      throw new RookeryError("not_tracked", `presence ${key} is not tracked by this channel; track() it first`)
    }
    const { phx_ref: previous, phx_ref_prev: _, ...bareMeta } = old
    const next = typeof update === "function" ? (update as (meta: unknown) => unknown)(bareMeta) : update
    const tracked: Meta = { ...this.#checked(next), phx_ref: makeRef(), phx_ref_prev: previous }
    room.own.get(tracker)?.set(key, tracked)
    const metas = room.state[key]?.metas ?? []
    metas[metas.indexOf(old)] = tracked
    const changes = this.#changes(tracker.topic, room)
    if (!take(changes.joins, key, previous)) add(changes.leaves, key, old)
    add(changes.joins, key, tracked)
  }

  /** Takes away what a channel tracks: one key, or all. */
  untrack(tracker: Tracker, key?: string): void {
    const room = this.#rooms.get(tracker.topic)
    const own = room?.own.get(tracker)
    if (room === undefined || own === undefined) return
    for (const [tracked, meta] of key === undefined ? [...own] : ([[key, own.get(key)]] as const)) {
      if (meta === undefined) continue
      own.delete(tracked)
      take(room.state, tracked, meta.phx_ref)
      const changes = this.#changes(tracker.topic, room)
      // Whoever came and went within the turn was never seen.
      if (!take(changes.joins, tracked, meta.phx_ref)) add(changes.leaves, tracked, meta)
    }
    if (key !== undefined) return
    room.own.delete(tracker)
    room.greet.delete(tracker)
    if (room.own.size === 0 && room.changes === undefined) this.#rooms.delete(tracker.topic)
  }

  /** Everybody on a topic. */
  list(topic: string): PresenceState {
    return this.#rooms.get(topic)?.state ?? bare<PresenceEntry>()
  }

  /** How many metas there are, of all topics. */
  get size(): number {
    let size = 0
    for (const room of this.#rooms.values()) for (const own of room.own.values()) size += own.size
    return size
  }

  /** Tells what changed. */
  flush(): void {
    this.#scheduled = false
    const topics = [...this.#changed]
    this.#changed.clear()
    for (const topic of topics) {
      const room = this.#rooms.get(topic)
      if (room?.changes === undefined) continue
      const { joins, leaves } = room.changes
      room.changes = undefined
      const told = Object.keys(joins).length > 0 || Object.keys(leaves).length > 0
      try {
        if (told) this.#host.publish(topic, PRESENCE_DIFF, { joins, leaves })
      } catch (error) {
        this.#host.failed(error, topic)
      }
      for (const tracker of room.greet) tracker.push(PRESENCE_STATE, room.state)
      room.greet.clear()
      if (room.own.size === 0) this.#rooms.delete(topic)
    }
  }

  #room(topic: string): Room {
    let room = this.#rooms.get(topic)
    if (room === undefined) {
      room = { state: bare(), own: new Map(), changes: undefined, greet: new Set() }
      this.#rooms.set(topic, room)
    }
    return room
  }

  #changes(topic: string, room: Room): PresenceDiff {
    if (room.changes === undefined) {
      room.changes = { joins: bare(), leaves: bare() }
      this.#changed.add(topic)
      if (!this.#scheduled) {
        this.#scheduled = true
        atEndOfTurn(() => this.flush())
      }
    }
    return room.changes
  }

  #checked(meta: unknown): Record<string, unknown> {
    if (isObject(meta)) return meta
    throw new RookeryError("bad_option", "a meta is an object; wrap it in one")
  }
}
