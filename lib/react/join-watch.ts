import type { Push } from "rookery"

/** The known answers to a join. */
export interface JoinWatch {
  /** The response of the last `ok`. */
  joined: unknown
  /** Called when no answer comes. */
  readonly onTimeout: Set<() => void>
}

// A push keeps its callbacks for good, and a channel of somebody else's outlives many a component.
const watches = /* @__PURE__ */ new WeakMap<Push, JoinWatch>()

/** Watches a join, with one set of callbacks however often it is asked for. */
export function watchJoin(join: Push): JoinWatch {
  const known = watches.get(join)
  if (known) return known
  const watch: JoinWatch = { joined: undefined, onTimeout: new Set() }
  watches.set(join, watch)
  join.receive("ok", (response) => (watch.joined = response as unknown))
  // The view shows the refusal. Without a hook for it the channel takes it for one that is unheard, and warns.
  join.receive("error", () => {})
  join.receive("timeout", () => {
    for (const tell of [...watch.onTimeout]) tell()
  })
  return watch
}
