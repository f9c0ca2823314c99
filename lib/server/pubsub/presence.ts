import { RookeryError } from "../../protocol/errors.js"
import { PRESENCE_DIFF, PRESENCE_STATE } from "../../protocol/events.js"
import type { PresenceDiff, PresenceEntry, PresenceRefs, PresenceState } from "../../protocol/presence.js"
import type { PresenceChange, PresenceRecord } from "../api/cluster.js"
import { base64UrlOf } from "../support/base64-url.js"
import type { Turns, Worker } from "../limits/turns.js"

type Meta = PresenceRefs & Record<string, unknown>

/** A channel of one client that tracks presences. */
export interface Tracker {
  readonly topic: string
  push(event: string, payload: unknown): void
}

/** The parts of the endpoint that presence needs. */
export interface PresenceHost {
  readonly turns: Turns
  /** Calls back at the end of this turn of the event loop. */
  atEndOfTurn(callback: () => void): void
  /** Sends an event to every client of this node that is on the topic. */
  publish(topic: string, event: string, payload: unknown): void
  /** Sends a change of this node's presences to the other nodes; `undefined` if there are none. */
  readonly share: ((topic: string, change: PresenceChange) => void) | undefined
  failed(error: unknown, topic: string): void
}

const bare = <T>(): Record<string, T> => Object.create(null) as Record<string, T>

/** The bytes of one ref. Random bytes are drawn for 128 refs at once, because a draw is the expensive part. */
const REF_BYTES = 12
const pool = new Uint8Array(128 * REF_BYTES)
let unused = pool.length

/** Makes a unique ref of 16 characters, in the same form as Phoenix. */
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

/** Removes a meta from a state by its ref; `false` if it is not there. */
function take(from: PresenceState, key: string, ref: string): boolean {
  const entry = from[key]
  const at = entry?.metas.findIndex((meta) => meta.phx_ref === ref) ?? -1
  if (entry === undefined || at === -1) return false
  entry.metas.splice(at, 1)
  if (entry.metas.length === 0) delete from[key]
  return true
}

interface Room {
  /** The presences of all nodes. */
  readonly state: PresenceState
  /** The presences of other nodes, by ref. */
  others: Map<string, PresenceRecord> | undefined
  /** The metas of each channel of this node, by key. */
  readonly own: Map<Tracker, Map<string, Meta>>
  /** The changes of this turn, sent to all clients at its end. */
  changes: PresenceDiff | undefined
  /** Whether a client may know the joins among the changes: somebody read the state before they were sent. */
  joinsAreKnown: boolean
  /** Those of the changes that are this node's own, sent to the other nodes at the same time. */
  shared: { readonly joins: Map<string, PresenceRecord>; readonly leaves: Set<string> } | undefined
  /** Channels that get the whole state after the diff. */
  readonly greet: Set<Tracker>
}

/**
 * The presences of all topics. The cost of a change does not depend on the size of the room. All changes of one turn of
 * the event loop are sent as one diff: if a thousand sockets drop at once, each other client gets one message.
 */
export class PresenceTable implements Worker {
  readonly #host: PresenceHost
  readonly #rooms = new Map<string, Room>()
  readonly #changed = new Set<string>()
  /** Rooms with channels that still have to get the state. */
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
      throw new RookeryError("already_tracked", `presence ${key} is already tracked by this channel; use update()`)
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

  /** Removes one key, or all keys, that a channel tracks. */
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

  /** Applies a change of the presences of other nodes. */
  change(topic: string, { joins, leaves }: PresenceChange): void {
    const room = this.#room(topic)
    for (const ref of leaves) this.#otherLeft(topic, room, ref)
    for (const record of joins) {
      const { key, ref } = record
      const meta = record.meta as Meta
      const changes = this.#changes(topic, room)
      // A node tells of a presence again if it does not know whether it was heard. Clients apply the joins of a diff before
      // its leaves, so they would lose a presence that is in both.
      for (const state of [room.state, changes.joins, changes.leaves]) take(state, key, ref)
      ;(room.others ??= new Map()).set(ref, record)
      add(room.state, key, meta)
      add(changes.joins, key, meta)
    }
    this.#tidy(topic, room)
  }

  /** Replaces the presences of other nodes on a topic. */
  reset(topic: string, records: readonly PresenceRecord[]): void {
    const known = this.#rooms.get(topic)?.others
    const refs = new Set(records.map(({ ref }) => ref))
    const leaves = [...(known?.keys() ?? [])].filter((ref) => !refs.has(ref))
    const joins = records.filter(({ ref }) => known === undefined || !known.has(ref))
    if (joins.length > 0 || leaves.length > 0) this.change(topic, { joins, leaves })
  }

  /** This node has left the topic: drops the presences of other nodes, which it is no longer told about. */
  forget(topic: string): void {
    const room = this.#rooms.get(topic)
    if (room === undefined) return
    for (const { key, ref } of room.others?.values() ?? []) take(room.state, key, ref)
    room.others = undefined
    this.#tidy(topic, room)
  }

  /** The presences of a topic, of all nodes. */
  list(topic: string): PresenceState {
    const room = this.#rooms.get(topic)
    return room === undefined ? bare<PresenceEntry>() : this.#read(room)
  }

  /** The number of metas of this node, on all topics. */
  get size(): number {
    let size = 0
    for (const room of this.#rooms.values()) for (const own of room.own.values()) size += own.size
    return size
  }

  /** Sends the changes of this turn. */
  flush(): void {
    this.#scheduled = false
    const topics = [...this.#changed]
    this.#changed.clear()
    for (const topic of topics) {
      const room = this.#rooms.get(topic)
      if (room?.changes === undefined) continue
      const { joins, leaves } = room.changes
      room.changes = undefined
      room.joinsAreKnown = false
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
   * Pushes the state to channels that track for the first time, as long as this turn of the event loop has time. Each
   * state is as large as its room: five hundred clients that join one room at once get 250,000 metas, which would block
   * all other clients for seconds.
   */
  work(): boolean {
    for (const room of this.#greeting) {
      for (const tracker of room.greet) {
        if (this.#host.turns.isSpent()) return true
        room.greet.delete(tracker)
        tracker.push(PRESENCE_STATE, this.#read(room))
      }
      this.#greeting.delete(room)
    }
    return false
  }

  /** The state for somebody who may send it to a client. */
  #read(room: Room): PresenceState {
    room.joinsAreKnown = true
    return room.state
  }

  #room(topic: string): Room {
    let room = this.#rooms.get(topic)
    if (room === undefined) {
      room = {
        state: bare(),
        others: undefined,
        own: new Map(),
        changes: undefined,
        joinsAreKnown: false,
        shared: undefined,
        greet: new Set(),
      }
      this.#rooms.set(topic, room)
    }
    return room
  }

  /** Drops a room once it has no presences and no unsent changes. */
  #tidy(topic: string, room: Room): void {
    if (room.own.size === 0 && !room.others?.size && room.changes === undefined) this.#rooms.delete(topic)
  }

  #join(topic: string, room: Room, key: string, meta: Meta): void {
    add(this.#changes(topic, room).joins, key, meta)
    this.#shared(room)?.joins.set(meta.phx_ref, { ref: meta.phx_ref, key, meta })
  }

  #leave(topic: string, room: Room, key: string, meta: Meta): void {
    this.#sendLeave(topic, room, key, meta)
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
    this.#sendLeave(topic, room, record.key, record.meta as Meta)
  }

  #sendLeave(topic: string, room: Room, key: string, meta: Meta): void {
    const changes = this.#changes(topic, room)
    // A presence that joined and left within one turn is not sent at all. But a client that was sent the state in between
    // would keep it for good.
    if (room.joinsAreKnown || !take(changes.joins, key, meta.phx_ref)) add(changes.leaves, key, meta)
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
    throw new RookeryError("bad_option", "a meta must be an object; wrap the value in one")
  }
}
