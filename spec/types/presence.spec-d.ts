import {
  Presence,
  type Channel,
  type OnPresenceJoin,
  type PresenceEntry,
  type PresenceState,
  type Socket,
} from "rookery"
import { describe, expectTypeOf, it } from "vitest"
import type { Topics } from "./topics.js"

type Meta = Topics["room:*"]["presence"]
type WithRefs = Meta & { phx_ref: string; phx_ref_prev?: string }

declare const socket: Socket<Topics>

describe("the presence of a channel", () => {
  const presence = new Presence(socket.channel("room:1", { name: "Ada" }))

  it("is that of its contract", () => {
    expectTypeOf(presence).toEqualTypeOf<Presence<Topics["room:*"]>>()
    expectTypeOf(presence.state).toEqualTypeOf<PresenceState<Meta>>()
    expectTypeOf(presence.inPendingSyncState()).toBeBoolean()
  })

  it("lists its metas, with the refs that Phoenix adds", () => {
    expectTypeOf(presence.list()).toEqualTypeOf<PresenceEntry<Meta>[]>()
    expectTypeOf(presence.list((key, { metas: [first] }) => `${key} ${first?.name}`)).toEqualTypeOf<string[]>()
    expectTypeOf(presence.list((_key, { metas }) => metas)).toExtend<WithRefs[][]>()
    expectTypeOf(presence.list<string>((key) => key)).toEqualTypeOf<string[]>()
    // @ts-expect-error no such key in a meta
    presence.list((_key, { metas: [first] }) => first?.nickname)
    // @ts-expect-error no such key beside the metas
    presence.list((_key, { user }) => user)
  })

  it("tells who came and who went", () => {
    presence.onJoin((key, current, joined) => {
      expectTypeOf(key).toBeString()
      expectTypeOf(current).toEqualTypeOf<PresenceEntry<Meta> | undefined>()
      expectTypeOf(joined).toEqualTypeOf<PresenceEntry<Meta>>()
    })
    presence.onLeave((_key, remaining, left) => {
      expectTypeOf(remaining).toEqualTypeOf<PresenceEntry<Meta>>()
      expectTypeOf(left.metas).toEqualTypeOf<WithRefs[]>()
    })
    presence.onSync(() => {})
    // @ts-expect-error there may be none
    presence.onJoin((_key, current) => current.metas)
    // @ts-expect-error no such key in a meta
    presence.onLeave((_key, _remaining, { metas: [first] }) => first?.nickname)
  })

  it("may come by other events", () => {
    expectTypeOf(Presence).toBeConstructibleWith(socket.channel("news"), { events: { state: "who", diff: "change" } })
    // @ts-expect-error both are needed
    expectTypeOf(Presence).toBeConstructibleWith(socket.channel("news"), { events: { state: "who" } })
  })

  it("is known by its refs alone where the contract says nothing of it", () => {
    const presence = new Presence(socket.channel("news"))
    expectTypeOf(presence.list((_key, { metas: [first] }) => first?.phx_ref)).toEqualTypeOf<(string | undefined)[]>()
    // @ts-expect-error who knows what is in a meta
    presence.list((_key, { metas: [first] }) => first?.name)
  })

  it("can be handed to what takes any presence", () => {
    const any: Presence = presence
    const channel: Channel = socket.channel("room:1", { name: "Ada" })
    expectTypeOf(new Presence(channel)).toEqualTypeOf(any)
  })
})

describe("the functions of Presence", () => {
  it("go from state to state", () => {
    let state: PresenceState<Meta> = {}
    const joined: OnPresenceJoin<Meta> = (key, current, joined) => [key, current?.metas, joined.metas]
    state = Presence.syncState(state, state, joined)
    state = Presence.syncDiff(state, { joins: state, leaves: {} }, joined, (_key, remaining) => remaining.metas)
    expectTypeOf(Presence.list(state)).toEqualTypeOf<PresenceEntry<Meta>[]>()
    expectTypeOf(Presence.list(state, (_key, { metas }) => metas.length)).toEqualTypeOf<number[]>()
    // @ts-expect-error a diff has joins and leaves
    state = Presence.syncDiff(state, { joins: state })
  })
})
