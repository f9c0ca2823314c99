/** The refs that Phoenix adds to every meta to identify it. */
export interface PresenceRefs {
  phx_ref: string
  /** The ref of the meta that this one replaced. */
  phx_ref_prev?: string
}

/**
 * Everything under one key: a meta for each connection or device, oldest first. Without a declared meta type, also any
 * fields that the server's `fetch` added beside the metas.
 */
export type PresenceEntry<Meta = unknown> = { metas: (Meta & PresenceRefs)[] } & Undeclared<Meta>

// This is true only for `any`.
type Undeclared<Meta> = 0 extends 1 & Meta ? Record<string, Meta> : unknown

/** All presences, by key. An object without a prototype, because a key may be called `__proto__`. */
export type PresenceState<Meta = unknown> = Record<string, PresenceEntry<Meta>>

/** The presences that joined, and those that left. */
export interface PresenceDiff<Meta = unknown> {
  joins: PresenceState<Meta>
  leaves: PresenceState<Meta>
}

/** Called with a key that gained metas: its former entry, if any, and the new metas. */
export type OnPresenceJoin<Meta = unknown> = (
  key: string,
  current: PresenceEntry<Meta> | undefined,
  joined: PresenceEntry<Meta>,
) => void

/** Called with a key that lost metas: the remaining entry, and the metas that left. */
export type OnPresenceLeave<Meta = unknown> = (
  key: string,
  remaining: PresenceEntry<Meta>,
  left: PresenceEntry<Meta>,
) => void

const refsOf = (entry: PresenceEntry): Set<string> => new Set(entry.metas.map((meta) => meta.phx_ref))

const without = <Meta>(entry: PresenceEntry<Meta>, refs: Set<string>): (Meta & PresenceRefs)[] =>
  entry.metas.filter((meta) => !refs.has(meta.phx_ref))

function withoutPrototype<Meta>(state: PresenceState<Meta>): PresenceState<Meta> {
  if (Object.getPrototypeOf(state) === null) return state
  const bare = Object.create(null) as PresenceState<Meta>
  for (const key of Object.keys(state)) bare[key] = state[key] as PresenceEntry<Meta>
  return bare
}

/**
 * Applies a diff, at the cost of the diff. The state is changed and returned; one with a prototype is copied first.
 * Joins are applied before leaves, and the former metas come before those that joined.
 */
export function applyDiff<Meta>(
  state: PresenceState<Meta>,
  { joins, leaves }: PresenceDiff<Meta>,
  onJoin?: OnPresenceJoin<Meta>,
  onLeave?: OnPresenceLeave<Meta>,
): PresenceState<Meta> {
  const next = withoutPrototype(state)
  for (const key of Object.keys(joins)) {
    const joined = joins[key] as PresenceEntry<Meta>
    const current = next[key]
    const metas = [...(current ? without(current, refsOf(joined)) : []), ...joined.metas]
    next[key] = { ...joined, metas }
    onJoin?.(key, current, joined)
  }
  for (const key of Object.keys(leaves)) {
    const left = leaves[key] as PresenceEntry<Meta>
    const current = next[key]
    if (!current) continue
    const remaining = (next[key] = { ...current, metas: without(current, refsOf(left)) })
    onLeave?.(key, remaining, left)
    if (!remaining.metas.length) delete next[key]
  }
  return next
}

/** The diff that turns one state into another. */
export function diffOf<Meta>(from: PresenceState<Meta>, to: PresenceState<Meta>): PresenceDiff<Meta> {
  const joins = Object.create(null) as PresenceState<Meta>
  const leaves = Object.create(null) as PresenceState<Meta>
  const target = withoutPrototype(to)
  const source = withoutPrototype(from)
  for (const key of Object.keys(source)) {
    if (!target[key]) leaves[key] = source[key] as PresenceEntry<Meta>
  }
  for (const key of Object.keys(target)) {
    const wanted = target[key] as PresenceEntry<Meta>
    const current = source[key]
    if (!current) {
      joins[key] = wanted
      continue
    }
    const joined = without(wanted, refsOf(current))
    const left = without(current, refsOf(wanted))
    if (joined.length) joins[key] = { ...wanted, metas: joined }
    if (left.length) leaves[key] = { ...current, metas: left }
  }
  return { joins, leaves }
}
