import * as fc from "fast-check"
import { Presence as Official } from "phoenix"
import { describe, expect, it } from "vitest"
import {
  applyDiff,
  diffOf,
  type OnPresenceJoin,
  type OnPresenceLeave,
  type PresenceDiff,
  type PresenceEntry,
  type PresenceState,
} from "../../lib/protocol/presence.js"
import { check } from "../support/arbitraries.js"

interface Meta {
  name: string
}
type State = PresenceState<Meta>

const meta = (phx_ref: string, name = "ada"): Meta & { phx_ref: string } => ({ name, phx_ref })
const entry = (...refs: string[]): PresenceEntry<Meta> => ({ metas: refs.map((ref) => meta(ref)) })
const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T

/** Records the arguments of the callbacks, copied at the time of the call. */
function recorder(): { told: unknown[]; onJoin: OnPresenceJoin<Meta>; onLeave: OnPresenceLeave<Meta> } {
  const told: unknown[] = []
  return {
    told,
    onJoin: (key, current, joined) => told.push(["join", key, current && copy(current), copy(joined)]),
    onLeave: (key, remaining, left) => told.push(["leave", key, copy(remaining), copy(left)]),
  }
}

describe("applyDiff", () => {
  it("adds who came, and tells what was there before", () => {
    const { told, onJoin, onLeave } = recorder()
    const state = applyDiff<Meta>(
      { ada: entry("1") },
      { joins: { ada: entry("2"), bob: entry("3") }, leaves: {} },
      onJoin,
      onLeave,
    )
    expect(state).toEqual({ ada: entry("1", "2"), bob: entry("3") })
    expect(told).toEqual([
      ["join", "ada", entry("1"), entry("2")],
      ["join", "bob", undefined, entry("3")],
    ])
  })

  it("removes who went, tells what remains, and forgets a key with nothing left", () => {
    const { told, onJoin, onLeave } = recorder()
    const state = applyDiff<Meta>(
      { ada: entry("1", "2"), bob: entry("3") },
      { joins: {}, leaves: { ada: entry("1"), bob: entry("3"), eve: entry("9") } },
      onJoin,
      onLeave,
    )
    expect(state).toEqual({ ada: entry("2") })
    expect(told).toEqual([
      ["leave", "ada", entry("2"), entry("1")],
      ["leave", "bob", entry(), entry("3")],
    ])
  })

  it("lets joins come before leaves, so that an update never empties a key", () => {
    const { told, onJoin, onLeave } = recorder()
    const updated = { metas: [{ ...meta("2", "Ada"), phx_ref_prev: "1" }] }
    const state = applyDiff<Meta>(
      { ada: entry("1") },
      { joins: { ada: updated }, leaves: { ada: entry("1") } },
      onJoin,
      onLeave,
    )
    expect(state).toEqual({ ada: updated })
    expect(told.map((call) => (call as unknown[])[0])).toEqual(["join", "leave"])
  })

  it("takes a meta that it knows already for the same one", () => {
    expect(applyDiff<Meta>({ ada: entry("1", "2") }, { joins: { ada: entry("2") }, leaves: {} })).toEqual({
      ada: entry("1", "2"),
    })
  })

  it("changes the state it was given, and nothing that it was told", () => {
    const state = Object.assign(Object.create(null) as State, { ada: entry("1") })
    const before = state["ada"]
    const diff: PresenceDiff<Meta> = { joins: { ada: entry("2") }, leaves: { ada: entry("1") } }
    const frozen = copy(diff)
    expect(applyDiff(state, diff)).toBe(state)
    expect(before).toEqual(entry("1"))
    applyDiff(state, { joins: { ada: entry("3") }, leaves: {} })
    expect(diff).toEqual(frozen)
  })

  it("takes keys that objects have of their own for keys", () => {
    const joins = JSON.parse(
      '{"__proto__":{"metas":[{"phx_ref":"1"}]},"constructor":{"metas":[{"phx_ref":"2"}]}}',
    ) as State
    const state = applyDiff<Meta>({}, { joins, leaves: {} })
    expect(Object.keys(state).toSorted()).toEqual(["__proto__", "constructor"])
    expect(Object.getPrototypeOf(state)).toBe(null)
    expect(
      Object.keys(applyDiff<Meta>(state, { joins: {}, leaves: { constructor: entry("2") } as unknown as State })),
    ).toEqual(["__proto__"])
    expect({}).not.toHaveProperty("metas")
  })
})

describe("diffOf", () => {
  it("says who came and who went between two states", () => {
    const from = { ada: entry("1", "2"), bob: entry("3"), eve: entry("4") }
    const to = { ada: entry("2", "5"), bob: entry("3"), dan: entry("6") }
    expect(diffOf<Meta>(from, to)).toEqual({
      joins: { ada: entry("5"), dan: entry("6") },
      leaves: { ada: entry("1"), eve: entry("4") },
    })
  })

  it("says nothing between two states that are the same", () => {
    expect(diffOf<Meta>({ ada: entry("1") }, { ada: entry("1") })).toEqual({ joins: {}, leaves: {} })
  })
})

// Few keys and refs, so that they collide; the keys include names that objects inherit.
const anyKey = fc.constantFrom("ada", "bob", "__proto__", "constructor", "toString", "1")
const anyRef = fc.nat({ max: 6 }).map(String)
const anyEntry: fc.Arbitrary<PresenceEntry<Meta>> = fc.record(
  {
    metas: fc.array(
      fc.tuple(anyRef, fc.constantFrom("ada", "bob")).map(([ref, name]) => meta(ref, name)),
      { maxLength: 3 },
    ),
  },
  { noNullPrototype: true },
)
// A state as a serializer decodes it: an object with a prototype, and `__proto__` as an own key.
const anyState: fc.Arbitrary<State> = fc
  .array(fc.tuple(anyKey, anyEntry), { maxLength: 5 })
  .map(
    (entries) => JSON.parse(`{${entries.map(([key, value]) => `"${key}":${JSON.stringify(value)}`).join()}}`) as State,
  )
const anyStep = fc.oneof(
  fc.record({ state: anyState }),
  fc.record({ diff: fc.record({ joins: anyState, leaves: anyState }, { noNullPrototype: true }) }),
)

/** A simple model of the state that only knows keys and refs. */
class Model {
  readonly #metas = new Map<string, (Meta & { phx_ref: string })[]>()

  diff({ joins, leaves }: PresenceDiff<Meta>): void {
    for (const [key, { metas }] of Object.entries(joins)) {
      const known = this.#metas.get(key) ?? []
      this.#metas.set(key, [
        ...known.filter((old) => metas.every((joined) => joined.phx_ref !== old.phx_ref)),
        ...metas,
      ])
    }
    for (const [key, { metas }] of Object.entries(leaves)) {
      const known = this.#metas.get(key)
      if (known === undefined) continue
      const remaining = known.filter((old) => metas.every((left) => left.phx_ref !== old.phx_ref))
      if (remaining.length > 0) this.#metas.set(key, remaining)
      else this.#metas.delete(key)
    }
  }

  /** Applies a full state: keeps known metas that it names in their place, adds new ones, and removes all others. */
  state(next: State): void {
    const named = new Map(Object.entries(next))
    const before = new Set(this.#metas.keys())
    for (const [key, known] of [...this.#metas]) {
      const wanted = named.get(key)?.metas
      if (wanted === undefined) {
        this.#metas.delete(key)
        continue
      }
      const kept = known.filter((old) => wanted.some((meta) => meta.phx_ref === old.phx_ref))
      const added = wanted.filter((meta) => known.every((old) => old.phx_ref !== meta.phx_ref))
      if (kept.length + added.length > 0 || known.length === 0) this.#metas.set(key, [...kept, ...added])
      else this.#metas.delete(key)
    }
    for (const [key, { metas }] of named) if (!before.has(key)) this.#metas.set(key, metas)
  }

  get entries(): [string, PresenceEntry<Meta>][] {
    return [...this.#metas].map(([key, metas]) => [key, { metas }])
  }
}

describe("any sequence of states and diffs", () => {
  const byKey = (state: State): [string, PresenceEntry<Meta>][] => Object.entries(state).toSorted()

  it("leaves what a plain model says", () => {
    check(fc.array(anyStep, { maxLength: 8 }), (steps) => {
      const model = new Model()
      let state = Object.create(null) as State
      for (const step of steps) {
        if ("state" in step) {
          state = applyDiff(state, diffOf(state, step.state))
          model.state(step.state)
        } else {
          state = applyDiff(state, step.diff)
          model.diff(step.diff)
        }
        expect(byKey(state)).toEqual(model.entries.toSorted())
      }
    })
  })

  it("leaves what the official client leaves, in its order, and tells the same", () => {
    check(fc.array(anyStep, { maxLength: 8 }), (steps) => {
      const ours = recorder()
      const theirs = recorder()
      let state = Object.create(null) as State
      let official: object = Object.create(null) as object
      const { onJoin, onLeave } = theirs as unknown as Record<string, Parameters<typeof Official.syncDiff>[2]>
      for (const step of steps) {
        if ("state" in step) {
          state = applyDiff(state, diffOf(state, step.state), ours.onJoin, ours.onLeave)
          official = Official.syncState(official, copy(step.state), onJoin, onLeave as never)
        } else {
          state = applyDiff(state, step.diff, ours.onJoin, ours.onLeave)
          official = Official.syncDiff(official, copy(step.diff) as never, onJoin, onLeave as never)
        }
        expect(Object.entries(state)).toEqual(Object.entries(official))
        expect(ours.told).toEqual(theirs.told)
      }
    })
  })
})
