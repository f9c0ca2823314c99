import type { HistoryOptions, PresenceChange, PresenceRecord } from "../server/api/cluster.js"
import { foreign, isNumber, readRecord } from "./records.js"
import { Sequencer } from "./topic-order.js"

/** A change of presences, and the version that resulted from it. */
export interface VersionedChange {
  readonly version: number
  readonly change: PresenceChange
}

/** How many changes may wait for a snapshot. Changes above this are dropped, which later shows as a gap. */
const MAX_EARLY = 10_000

/** The state of one topic that this node listens to. */
export class Topic {
  readonly sequencer: Sequencer<Buffer> = new Sequencer<Buffer>()
  /** The history options of the topic, if its messages are numbered. */
  history: HistoryOptions | undefined
  /** The version of the presences that were reported; `undefined` until the first snapshot. */
  #version: number | undefined
  #early: VersionedChange[] = []

  constructor(history: HistoryOptions | undefined) {
    this.history = history
  }

  /** Handles a change: it may be the next one, a known one, or show that one is missing and a snapshot is needed. */
  change(change: VersionedChange): "next" | "old" | "gap" {
    if (this.#version === undefined) {
      if (this.#early.length < MAX_EARLY) this.#early.push(change)
      return "old"
    }
    if (change.version <= this.#version) return "old"
    if (change.version > this.#version + 1) return "gap"
    this.#version = change.version
    return "next"
  }

  /** A snapshot was requested: changes are kept until it arrives. */
  await(): void {
    this.#version = undefined
  }

  /** Handles a snapshot, and returns the changes that waited for it. */
  snapshot(version: number): VersionedChange[] {
    this.#version = version
    const early = this.#early.sort((a, b) => a.version - b.version)
    this.#early = []
    return early
  }
}

/**
 * The presences of other nodes in a snapshot: fields `<node>:<ref>` and their values. An invalid one is skipped and
 * reported, and does not affect the others.
 */
export function readSnapshot(
  fields: readonly Buffer[],
  own: string,
  failed: (error: unknown) => void,
): { version: number; records: PresenceRecord[] } {
  let version = 0
  let bad = 0
  const records: PresenceRecord[] = []
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const field = String(fields[i])
    const value = String(fields[i + 1])
    if (field.startsWith(`${own}:`)) continue
    const record = field === "v" ? undefined : readRecord(value)
    if (field === "v" && isNumber(value)) version = Number(value)
    // The sweep finds presences by their field, so the field must match the ref.
    else if (record !== undefined && field.endsWith(`:${record.ref}`)) records.push(record)
    else bad++
  }
  if (bad > 0) failed(foreign(`${bad} of the presences`))
  return { version, records }
}
