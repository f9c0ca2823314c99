import { RookeryError } from "../../protocol/errors.js"
import { PRESENCE_DIFF, PRESENCE_STATE } from "../../protocol/events.js"
import type { PresenceDiff, PresenceEntry, PresenceRefs, PresenceState } from "../../protocol/presence.js"
import type { PresenceChange, PresenceRecord } from "../api/cluster.js"
import { base64UrlOf } from "../support/base64-url.js"
import type { Turns, Worker } from "../limits/turns.js"

type Meta = PresenceRefs & Record<string, unknown>

/** One channel of one client, which tracks. */
export interface Tracker {
  readonly topic: string
  push(event: string, payload: unknown): void
}

/** The parts of the endpoint that the tracking needs. */
export interface PresenceHost {
  readonly turns: Turns
  /** Runs something once this turn of the event loop is through. */
  atEndOfTurn(callback: () => void): void
  /** Tells everybody on this node. */
  publish(topic: string, event: string, payload: unknown): void
  /** Tells the other nodes what this one tracks, if there are any. */
  readonly share: ((topic: string, change: PresenceChange) => void) | undefined
  failed(error: unknown, topic: string): void
}

const bare = <T>(): Record<string, T> => Object.create(null) as Record<string, T>

/** As many refs are made of one draw of random bytes: a draw costs more than what is made of it. */
const REF_BYTES = 12
const pool = new Uint8Array(128 * REF_BYTES)
let unused = pool.length

/** Sixteen characters that no other presence has, as Phoenix's are. */
function makeRef(): string {
  if (unused === pool.length) {
    crypto.getRandomValues(pool)
    unused = 0
  }
  const ref = base64UrlOf(pool.subarray(unused, unused + REF_BYTES))
  unused += REF_BYTES
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
  /** Everybody, on all nodes. */
  readonly state: PresenceState
  /** What other nodes track, by its ref. */
  others: Map<string, PresenceRecord> | undefined
  /** What each channel tracks: its metas by key. */
  readonly own: Map<Tracker, Map<string, Meta>>
  /** What changed in this turn; told to everybody at its end. */
  changes: PresenceDiff | undefined
  /** What of it is this node's own; told to the other nodes at the same time. */
  shared: { readonly joins: Map<string, PresenceRecord>; readonly leaves: Set<string> } | undefined
  /** Channels that get the state behind the diff. */
  readonly greet: Set<Tracker>
}

/**
 * Who is where. A change costs by the change, not by the room; the changes of one turn of the event loop go
 * out as one diff, so that a thousand sockets that drop at once are one message to each of the others.
 */
export class PresenceTable implements Worker {
  readonly #host: PresenceHost
  readonly #rooms = new Map<string, Room>()
  readonly #changed = new Set<string>()
  /** Rooms with channels that still get the state. */
  readonly #greeting = new Set<Room>()
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
    this.#join(tracker.topic, room, key, tracked)
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
    this.#leave(tracker.topic, room, key, old)
    this.#join(tracker.topic, room, key, tracked)
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
      this.#leave(tracker.topic, room, tracked, meta)
    }
    if (key !== undefined) return
    room.own.delete(tracker)
    room.greet.delete(tracker)
    this.#tidy(tracker.topic, room)
  }

  /** Other nodes track something, or do no more. */
  change(topic: string, { joins, leaves }: PresenceChange): void {
    const room = this.#room(topic)
    for (const ref of leaves) this.#otherLeft(topic, room, ref)
    for (const record of joins) {
      this.#otherLeft(topic, room, record.ref)
      const meta = record.meta as Meta
      ;(room.others ??= new Map()).set(record.ref, record)
      add(room.state, record.key, meta)
      add(this.#changes(topic, room).joins, record.key, meta)
    }
    this.#tidy(topic, room)
  }

  /** Everything that other nodes track on a topic; what is not among it is no more. */
  reset(topic: string, records: readonly PresenceRecord[]): void {
    const known = this.#rooms.get(topic)?.others
    const refs = new Set(records.map(({ ref }) => ref))
    const leaves = [...(known?.keys() ?? [])].filter((ref) => !refs.has(ref))
    const joins = records.filter(({ ref }) => known === undefined || !known.has(ref))
    if (joins.length > 0 || leaves.length > 0) this.change(topic, { joins, leaves })
  }

  /** Nobody of this node is on the topic any more: what others track there is no longer told. */
  forget(topic: string): void {
    const room = this.#rooms.get(topic)
    if (room === undefined) return
    for (const { key, ref } of room.others?.values() ?? []) take(room.state, key, ref)
    room.others = undefined
    this.#tidy(topic, room)
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
      const { shared } = room
      room.shared = undefined
      const told = Object.keys(joins).length > 0 || Object.keys(leaves).length > 0
      try {
        if (shared !== undefined) {
          this.#host.share?.(topic, { joins: [...shared.joins.values()], leaves: [...shared.leaves] })
        }
        if (told) this.#host.publish(topic, PRESENCE_DIFF, { joins, leaves })
      } catch (error) {
        this.#host.failed(error, topic)
      }
      if (room.greet.size > 0) this.#greeting.add(room)
      this.#tidy(topic, room)
    }
    if (this.work()) this.#host.turns.add(this)
  }

  /**
   * Pushes the state to channels that track for the first time, for as long as this turn of the event loop has time for
   * it. Each state is as large as its room: five hundred clients that join one room at once get 250,000 metas, which
   * would hold up all other clients for seconds.
   */
  work(): boolean {
    for (const room of this.#greeting) {
      for (const tracker of room.greet) {
        if (this.#host.turns.isSpent()) return true
        room.greet.delete(tracker)
        tracker.push(PRESENCE_STATE, room.state)
      }
      this.#greeting.delete(room)
    }
    return false
  }

  #room(topic: string): Room {
    let room = this.#rooms.get(topic)
    if (room === undefined) {
      room = {
        state: bare(),
        others: undefined,
        own: new Map(),
        changes: undefined,
        shared: undefined,
        greet: new Set(),
      }
      this.#rooms.set(topic, room)
    }
    return room
  }

  /** Nothing is kept of a room where nobody is. */
  #tidy(topic: string, room: Room): void {
    if (room.own.size === 0 && !room.others?.size && room.changes === undefined) this.#rooms.delete(topic)
  }

  #join(topic: string, room: Room, key: string, meta: Meta): void {
    add(this.#changes(topic, room).joins, key, meta)
    this.#shared(room)?.joins.set(meta.phx_ref, { ref: meta.phx_ref, key, meta })
  }

  #leave(topic: string, room: Room, key: string, meta: Meta): void {
    const changes = this.#changes(topic, room)
    // Whoever came and went within the turn was never seen.
    if (!take(changes.joins, key, meta.phx_ref)) add(changes.leaves, key, meta)
    const shared = this.#shared(room)
    if (!shared?.joins.delete(meta.phx_ref)) shared?.leaves.add(meta.phx_ref)
  }

  #shared(room: Room): Room["shared"] {
    if (this.#host.share === undefined) return undefined
    return (room.shared ??= { joins: new Map(), leaves: new Set() })
  }

  #otherLeft(topic: string, room: Room, ref: string): void {
    const record = room.others?.get(ref)
    if (record === undefined) return
    room.others?.delete(ref)
    take(room.state, record.key, ref)
    const changes = this.#changes(topic, room)
    if (!take(changes.joins, record.key, ref)) add(changes.leaves, record.key, record.meta as Meta)
  }

  #changes(topic: string, room: Room): PresenceDiff {
    if (room.changes === undefined) {
      room.changes = { joins: bare(), leaves: bare() }
      this.#changed.add(topic)
      if (!this.#scheduled) {
        this.#scheduled = true
        this.#host.atEndOfTurn(() => this.flush())
      }
    }
    return room.changes
  }

  #checked(meta: unknown): Record<string, unknown> {
    if (isObject(meta)) return meta
    throw new RookeryError("bad_option", "a meta is an object; wrap it in one")
  }
}
