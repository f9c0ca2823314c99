import { Presence, type Channel, type PresenceEntry } from "rookery"

/** How a change of presence is told. */
export type PresenceEvent = "presence_join" | "presence_leave" | "presence_update"

/** One change of presence. */
export interface PresenceChange {
  key: string
  /** What came, went, or took the place of what was there. */
  metas: unknown[]
  /** How many metas the key has now; without any it is offline. */
  online: number
}

/** Tells who comes to a channel and who goes, by what the server says of its presence. */
export function watchPresence(channel: Channel, tell: (event: PresenceEvent, change: PresenceChange) => void): void {
  const presence = new Presence(channel)
  /** Metas that have been replaced, and whose going is no leave. */
  const replaced = new Set<string>()
  const count = (entry: PresenceEntry | undefined): number => entry?.metas.length ?? 0
  presence.onJoin((key, current, { metas }) => {
    const had = new Set(current?.metas.map((meta) => meta.phx_ref))
    const updates = metas.filter(({ phx_ref_prev: before }) => before !== undefined && had.has(before))
    const joins = metas.filter((meta) => !updates.includes(meta))
    for (const { phx_ref_prev: before } of updates) if (before !== undefined) replaced.add(before)
    if (joins.length > 0) tell("presence_join", { key, metas: joins, online: count(current) + joins.length })
    if (updates.length > 0) tell("presence_update", { key, metas: updates, online: count(current) + joins.length })
  })
  presence.onLeave((key, remaining, { metas }) => {
    const left = metas.filter(({ phx_ref }) => !replaced.delete(phx_ref))
    if (left.length > 0) tell("presence_leave", { key, metas: left, online: count(remaining) })
  })
}
