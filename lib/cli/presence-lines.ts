import { Presence, type Channel } from "rookery"

/** Reports a change of presence. */
export type PresenceEvent = "presence_join" | "presence_leave" | "presence_update"

/** One change of presence. */
export interface PresenceChange {
  key: string
  /** The presences that joined, left, or replaced another. */
  metas: unknown[]
  /** How many metas the key has now; without any it is offline. */
  online: number
}

/** Reports who joins and leaves a channel, from the server's presence messages. */
export function watchPresence(channel: Channel, tell: (event: PresenceEvent, change: PresenceChange) => void): void {
  const presence = new Presence(channel)
  /** Replaced metas, whose removal is not a leave. */
  const replaced = new Set<string>()
  presence.onJoin((key, current, { metas }) => {
    const had = new Set(current?.metas.map((meta) => meta.phx_ref))
    const isUpdate = (before: string | undefined): boolean => before !== undefined && had.has(before)
    // A diff that overlaps the state repeats a part of it.
    const fresh = metas.filter(({ phx_ref }) => !had.has(phx_ref))
    const updates = fresh.filter(({ phx_ref_prev }) => isUpdate(phx_ref_prev))
    const joins = fresh.filter(({ phx_ref_prev }) => !isUpdate(phx_ref_prev))
    for (const { phx_ref_prev } of updates) replaced.add(phx_ref_prev as string)
    const online = had.size + joins.length
    if (joins.length > 0) tell("presence_join", { key, metas: joins, online })
    if (updates.length > 0) tell("presence_update", { key, metas: updates, online })
  })
  presence.onLeave((key, remaining, { metas }) => {
    const left = metas.filter(({ phx_ref }) => !replaced.delete(phx_ref))
    if (left.length > 0) tell("presence_leave", { key, metas: left, online: remaining.metas.length })
  })
}
