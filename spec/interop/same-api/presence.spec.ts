import { describe } from "vitest"
import type { Stage } from "../../support/api-stage.js"
import { compareOn, differs, same } from "../../support/api-table.js"
import type { ClientPresence } from "../../support/libraries.js"

const one = (phx_ref: string, more: object = {}): object => ({ metas: [{ phx_ref, ...more }] })

const see = (t: Stage, presence: ClientPresence): void => {
  presence.onJoin(t.see("join"))
  presence.onLeave(t.see("leave"))
  presence.onSync(() => t.note("sync", presence.list()))
}

async function tracked(t: Stage, options?: object) {
  const { socket, room } = await t.joined("presence:1")
  const presence = new t.library.Presence(room, options)
  see(t, presence)
  return { socket, room, presence }
}

describe("Presence", () => {
  compareOn([
    same("a state joins everybody, then syncs", async (t) => {
      await tracked(t)
      t.server.push("presence:1", "presence_state", { ada: one("a1"), bob: one("b1", { name: "Bob" }) })
    }),
    same("a diff joins before it leaves, then syncs", async (t) => {
      await tracked(t)
      t.server.push("presence:1", "presence_state", { ada: one("a1"), bob: one("b1") })
      t.server.broadcast("presence:1", "presence_diff", { joins: { eve: one("e1") }, leaves: { bob: one("b1") } })
    }),
    same("another meta of a key comes behind the ones that are there", async (t) => {
      await tracked(t)
      t.server.push("presence:1", "presence_state", { ada: one("a1") })
      t.server.broadcast("presence:1", "presence_diff", { joins: { ada: one("a2") }, leaves: {} })
    }),
    same("a key stays as long as it has metas", async (t) => {
      await tracked(t)
      t.server.push("presence:1", "presence_state", { ada: { metas: [{ phx_ref: "a1" }, { phx_ref: "a2" }] } })
      t.server.broadcast("presence:1", "presence_diff", { joins: {}, leaves: { ada: one("a1") } })
      t.server.broadcast("presence:1", "presence_diff", { joins: {}, leaves: { ada: one("a2") } })
    }),
    same("an update joins the new meta and leaves the old one", async (t) => {
      await tracked(t)
      t.server.push("presence:1", "presence_state", { ada: one("a1", { name: "Ada" }) })
      const joins = { ada: one("a2", { name: "Ada L", phx_ref_prev: "a1" }) }
      t.server.broadcast("presence:1", "presence_diff", { joins, leaves: { ada: one("a1", { name: "Ada" }) } })
    }),
    same("diffs before the first state wait for it, and sync once", async (t) => {
      await tracked(t)
      t.server.broadcast("presence:1", "presence_diff", { joins: { eve: one("e1") }, leaves: {} })
      t.server.broadcast("presence:1", "presence_diff", { joins: {}, leaves: { ada: one("a1") } })
      t.note("nothing yet")
      t.server.push("presence:1", "presence_state", { ada: one("a1") })
    }),
    same("after a rejoin diffs wait for the new state, which tells only what changed", async (t) => {
      const { room } = await tracked(t)
      t.server.push("presence:1", "presence_state", { ada: one("a1"), bob: one("b1"), cat: one("c1") })
      room.push("crash")
      await t.after(1100)
      t.server.broadcast("presence:1", "presence_diff", { joins: { eve: one("e1") }, leaves: {} })
      t.note("nothing yet")
      t.server.push("presence:1", "presence_state", { ada: one("a1"), bob: one("b2"), dan: one("d1") })
    }),
    same("a leave of somebody unknown is passed over", async (t) => {
      await tracked(t)
      t.server.push("presence:1", "presence_state", {})
      t.server.broadcast("presence:1", "presence_diff", { joins: {}, leaves: { bob: one("b1") } })
    }),
    same("keys may be any text", async (t) => {
      await tracked(t)
      const state = JSON.parse('{"__proto__":{"metas":[{"phx_ref":"p"}]},"constructor":{"metas":[{"phx_ref":"c"}]}}')
      t.server.push("presence:1", "presence_state", state)
      t.server.broadcast("presence:1", "presence_diff", { joins: {}, leaves: state })
    }),
    same("the events may have other names", async (t) => {
      await tracked(t, { events: { state: "all", diff: "change" } })
      t.server.push("presence:1", "all", { ada: one("a1") })
      t.server.broadcast("presence:1", "change", { joins: { bob: one("b1") }, leaves: {} })
      t.server.push("presence:1", "presence_state", { not: one("this") })
    }),
    same("works without any callback", async (t) => {
      const { room } = await t.joined("presence:1")
      const presence = new t.library.Presence(room)
      t.server.push("presence:1", "presence_state", { ada: one("a1") })
      t.note("list", presence.list())
    }),
    same("list chooses by a function of key and presence", async (t) => {
      const { presence } = await tracked(t)
      t.server.push("presence:1", "presence_state", { ada: one("a1"), bob: one("b1") })
      t.note(
        "keys",
        presence.list((key, { metas: [first] }) => `${key} ${first.phx_ref}`),
      )
    }),
    differs(
      "a diff of a join whose state never came, once the next join's state comes",
      {
        why: "the new state is newer than that diff, which would bring back people who have left",
        phoenix: ['list ["ada","eve"]'],
        rookery: ['list ["ada"]'],
      },
      async (t) => {
        const { room } = await t.joined("presence:1")
        const presence = new t.library.Presence(room)
        t.server.broadcast("presence:1", "presence_diff", { joins: { eve: one("e1") }, leaves: {} })
        room.push("crash")
        await t.after(1100)
        t.server.push("presence:1", "presence_state", { ada: one("a1") })
        t.forget()
        t.note(
          "list",
          presence.list((key) => key),
        )
      },
    ),
    differs(
      "a callback that changes a meta it was given",
      {
        why: "copying all metas at every change costs too much; metas are read-only",
        phoenix: ['list [{metas:[{phx_ref:"a1"}]}]'],
        rookery: ['list [{metas:[{phx_ref:"a1",seen:true}]}]'],
      },
      async (t) => {
        const { room } = await t.joined("presence:1")
        const presence = new t.library.Presence(room)
        presence.onJoin((_key, _current, joined) => (joined.metas[0].seen = true))
        t.forget()
        t.server.push("presence:1", "presence_state", { ada: one("a1") })
        t.note("list", presence.list())
      },
    ),
  ])
})

describe("the statics of Presence", () => {
  compareOn([
    same("syncState gives the new state, and tells what changed", (t) => {
      const before = { ada: { metas: [{ phx_ref: "a1" }, { phx_ref: "a2" }] }, bob: one("b1") }
      const next = { ada: { metas: [{ phx_ref: "a2" }, { phx_ref: "a3" }] }, eve: one("e1") }
      t.note("state", t.library.Presence.syncState(before, next, t.see("join"), t.see("leave")))
      t.note("before", before)
    }),
    same("syncDiff gives the new state, and tells what changed", (t) => {
      const before = { ada: one("a1"), bob: one("b1") }
      const diff = { joins: { ada: one("a2"), eve: one("e1") }, leaves: { bob: one("b1") } }
      t.note("state", t.library.Presence.syncDiff(before, diff, t.see("join"), t.see("leave")))
      t.note("diff", diff)
    }),
    same("both work without callbacks", (t) => {
      t.note("state", t.library.Presence.syncState({}, { ada: one("a1") }))
      t.note("state", t.library.Presence.syncDiff({}, { joins: { ada: one("a1") }, leaves: {} }))
    }),
    same("list gives the presences, or what is chosen of them", (t) => {
      const state = { ada: one("a1"), bob: one("b1") }
      t.note("list", t.library.Presence.list(state))
      t.note(
        "chosen",
        t.library.Presence.list(state, (key, { metas }) => [key, metas.length]),
      )
    }),
  ])
})
