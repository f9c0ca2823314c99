import type { HistoryOptions, PresenceChange, PresenceRecord } from "../server/adapter.js"
import { Sequencer } from "./sequencer.js"

/** A change of presences, and the version that it made. */
export interface VersionedChange {
  readonly version: number
  readonly change: PresenceChange
}

/** What this node knows of one topic that it listens to. */
export class Topic {
  readonly sequencer: Sequencer<Buffer> = new Sequencer<Buffer>()
  /** What is kept of its messages, if they are numbered. */
  history: HistoryOptions | undefined
  /** The version of the presences that were told; `undefined` until the first snapshot came. */
  #version: number | undefined
  #early: VersionedChange[] = []

  constructor(history: HistoryOptions | undefined) {
    this.history = history
  }

  /** A change came: it may be the next one, or known, or show that one is missing and a snapshot is needed. */
  change(change: VersionedChange): "next" | "old" | "gap" {
    if (this.#version === undefined) {
      this.#early.push(change)
      return "old"
    }
    if (change.version <= this.#version) return "old"
    if (change.version > this.#version + 1) return "gap"
    this.#version = change.version
    return "next"
  }

  /** A snapshot is asked for: what comes meanwhile is kept. */
  await(): void {
    this.#version = undefined
  }

  /** A snapshot came; gives the changes since. */
  snapshot(version: number): VersionedChange[] {
    this.#version = version
    const early = this.#early.sort((a, b) => a.version - b.version)
    this.#early = []
    return early
  }
}

/** The presences of other nodes in a snapshot: fields `<node>:<ref>` and their values. */
export function readSnapshot(fields: readonly Buffer[], own: string): { version: number; records: PresenceRecord[] } {
  let version = 0
  const records: PresenceRecord[] = []
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const field = String(fields[i])
    if (field === "v") version = Number(String(fields[i + 1]))
    else if (!field.startsWith(`${own}:`)) records.push(JSON.parse(String(fields[i + 1])) as PresenceRecord)
  }
  return { version, records }
}
