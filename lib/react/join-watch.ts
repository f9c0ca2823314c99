import type { Push } from "rookery"

/** The known answers to a join. */
export interface JoinWatch {
  /** The response of the last `ok`. */
  joined: unknown
  /** Called when no answer comes. */
  readonly onTimeout: Set<() => void>
}

// A push keeps its callbacks forever, and a channel owned by other code may outlive many components.
const watches = /* @__PURE__ */ new WeakMap<Push, JoinWatch>()

/** Watches a join, with one set of callbacks however often it is asked for. */
export function watchJoin(join: Push): JoinWatch {
  const known = watches.get(join)
  if (known) return known
  const watch: JoinWatch = { joined: undefined, onTimeout: new Set() }
  watches.set(join, watch)
  join.receive("ok", (response) => (watch.joined = response as unknown))
  // The view shows the refusal. Without this hook the channel would treat the refusal as unhandled, and warn.
  join.receive("error", () => {})
  join.receive("timeout", () => {
    for (const tell of [...watch.onTimeout]) tell()
  })
  return watch
}
