import { afterEach, describe, expect, it, vi } from "vitest"
import { Presence, Socket, webSocket, type Loose, type PresenceState } from "rookery"
import { msgpack } from "rookery/msgpack"
import type { Endpoint } from "rookery/server"
import WS from "ws"
import { backends, type MakeNodes } from "../support/backends.js"
import { PATIENCE } from "../support/patience.js"
import { stages, type Stage } from "../support/stage.js"

const stage = stages()
const sockets: Socket[] = []
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
})

const ROOM = "room:1"
/** Properties that every object inherits, and some that code looks for on objects. */
const KEYS = [
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "valueOf",
  "hasOwnProperty",
  "__defineGetter__",
  "toJSON",
  "then",
  "length",
  "0",
  "metas",
]

async function house(clusters: MakeNodes): Promise<Stage[]> {
  const build = (endpoint: Endpoint): void =>
    void endpoint.channel("room:*", {
      joined: (room) => room.track(room.params.key, { from: room.params.key }),
      receive: {
        update: (meta, room) => room.update(room.params.key, meta),
        untrack: (_, room) => room.untrack(room.params.key),
      },
    })
  return Promise.all((await clusters(2)).map((cluster) => stage({ cluster }, build)))
}

function open(port: number, serializer = {}): Socket {
  const transport = webSocket({ WebSocket: WS as never })
  const socket = new Socket(`ws://127.0.0.1:${port}/socket`, { transport, ...serializer })
  sockets.push(socket)
  socket.connect()
  return socket
}

/** The presences of a state, as pairs of the key and the metas' values. */
const told = (state: PresenceState<Loose>): [string, unknown[]][] =>
  Object.getOwnPropertyNames(state)
    .map((key): [string, unknown[]] => [
      key,
      (Object.getOwnPropertyDescriptor(state, key) as { value: PresenceState<Loose>[string] }).value.metas.map((meta) =>
        Object.fromEntries(Object.entries(meta).filter(([name]) => !name.startsWith("phx_"))),
      ),
    ])
    .sort(([a], [b]) => (a < b ? -1 : 1))

const everybody = (keys: readonly string[], meta = (key: string): unknown => ({ from: key })): [string, unknown[]][] =>
  keys.map((key): [string, unknown[]] => [key, [meta(key)]]).sort(([a], [b]) => (a < b ? -1 : 1))

const isUntouched = (): void => {
  expect(({} as Record<string, unknown>)["metas"]).toBeUndefined()
  expect(({} as Record<string, unknown>)["from"]).toBeUndefined()
  expect(Object.keys(Object.prototype)).toEqual([])
  expect(typeof {}.toString).toBe("function")
}

describe.each(backends())("presences whose keys are names that every object has, %s,", (_name, clusters) => {
  it("are there, change and go on both nodes and in their clients", async () => {
    const [here, there] = (await house(clusters)) as [Stage, Stage]
    const watcher = open(there.port).channel(ROOM, { key: "watcher" })
    const presence = new Presence(watcher as never)
    const joins: string[] = []
    const leaves: string[] = []
    presence.onJoin((key, current, joined) => joins.push(`${key} ${current?.metas.length} ${joined.metas.length}`))
    presence.onLeave((key, remaining) => leaves.push(`${key} ${remaining.metas.length}`))
    await watcher.join()
    const members = await Promise.all(
      KEYS.map(async (key) => {
        const channel = open(here.port).channel(ROOM, { key })
        await channel.join()
        return channel
      }),
    )
    const all = [...KEYS, "watcher"]
    await vi.waitFor(() => expect(told(presence.state as never)).toEqual(everybody(all)), PATIENCE)
    const others = joins.filter((joined) => !joined.startsWith("watcher"))
    expect(others.sort()).toEqual(KEYS.map((key) => `${key} undefined 1`).sort())
    for (const { endpoint } of [here, there]) {
      await vi.waitFor(() => expect(told(endpoint.presences(ROOM) as never)).toEqual(everybody(all)), PATIENCE)
      const copy = await endpoint.allPresences(ROOM)
      expect(told(copy as never)).toEqual(everybody(all))
      // Looking up a key finds a tracked presence, and no inherited property.
      for (const state of [endpoint.presences(ROOM), copy, presence.state]) {
        expect(state["constructor"]?.metas).toHaveLength(1)
        expect((state as Record<string, unknown>)["isPrototypeOf"]).toBeUndefined()
      }
    }
    await Promise.all(members.map((member) => member.push("update", { from: "changed" })))
    const changed = (key: string): unknown => ({ from: key === "watcher" ? key : "changed" })
    await vi.waitFor(() => expect(told(presence.state as never)).toEqual(everybody(all, changed)), PATIENCE)
    await Promise.all(members.slice(1).map((member) => member.push("untrack", {})))
    // The watcher's is the first.
    sockets[1]?.destroy()
    await vi.waitFor(() => expect(told(presence.state as never)).toEqual(everybody(["watcher"])), PATIENCE)
    expect(leaves.filter((left) => left.endsWith(" 0")).sort()).toEqual(KEYS.map((key) => `${key} 0`).sort())
    await vi.waitFor(
      () => expect(told(here.endpoint.presences(ROOM) as never)).toEqual(everybody(["watcher"])),
      PATIENCE,
    )
    isUntouched()
  })

  it("travel as they are, an own key each, in the state and in the diffs", async () => {
    const [here, there] = (await house(clusters)) as [Stage, Stage]
    const watcher = await there.connect()
    await watcher.join(ROOM, { key: "watcher" })
    const texts: string[] = []
    watcher.socket.on("message", (data) => texts.push(String(data)))
    const member = await here.connect()
    for (const key of KEYS) {
      member.send("1", "1", ROOM, "phx_join", { key })
      await vi.waitFor(
        () => expect(texts.some((text) => text.includes(`"joins":{"${key}":{"metas":[{`))).toBe(true),
        PATIENCE,
      )
      member.send("1", "2", ROOM, "phx_leave", {})
      await vi.waitFor(
        () => expect(texts.some((text) => text.includes(`"leaves":{"${key}":{"metas":[{`))).toBe(true),
        PATIENCE,
      )
    }
    isUntouched()
  })

  it("travel under MessagePack, of which one key goes by another name, as is written", async () => {
    const [here, there] = (await house(clusters)) as [Stage, Stage]
    for (const key of KEYS) await open(here.port).channel(ROOM, { key }).join()
    const watcher = open(there.port, { serializer: msgpack() }).channel(ROOM, { key: "watcher" })
    const presence = new Presence(watcher as never)
    await watcher.join()
    const all = [...KEYS.map((key) => (key === "__proto__" ? "__proto_" : key)), "watcher"]
    const meta = (key: string): unknown => ({ from: key === "__proto_" ? "__proto__" : key })
    await vi.waitFor(() => expect(told(presence.state as never)).toEqual(everybody(all, meta)), PATIENCE)
    isUntouched()
  })
})

describe("the statics of Presence, as phoenix.js has them,", () => {
  const entry = (ref: string): { metas: { phx_ref: string }[] } => ({ metas: [{ phx_ref: ref }] })
  const parse = (text: string): PresenceState<Loose> => JSON.parse(text) as PresenceState<Loose>

  it.each(KEYS)("take %s for a key, in states of any making", (key) => {
    const named = (ref: string): string => `{${JSON.stringify(key)}:${JSON.stringify(entry(ref))}}`
    const seen: [string, unknown][] = []
    let state = Presence.syncState(parse("{}"), parse(named("1")), (name, current) => seen.push([name, current]))
    expect(told(state)).toEqual([[key, [{}]]])
    expect(seen).toEqual([[key, undefined]])
    state = Presence.syncDiff(state, { joins: parse(named("2")), leaves: parse("{}") })
    expect(Presence.list(state, (name, { metas }) => [name, metas.length])).toEqual([[key, 2]])
    // A state that a user made, with a prototype.
    const own = Presence.syncDiff(parse("{}"), { joins: parse(named("1")), leaves: parse("{}") })
    expect(told(own)).toEqual([[key, [{}]]])
    const left = (refs: string[]): PresenceState<Loose> =>
      parse(`{${JSON.stringify(key)}:${JSON.stringify({ metas: refs.map((phx_ref) => ({ phx_ref })) })}}`)
    state = Presence.syncDiff(state, { joins: parse("{}"), leaves: left(["1", "2"]) })
    expect(told(state)).toEqual([])
    // A presence that is not in the state cannot leave it.
    expect(told(Presence.syncDiff(parse("{}"), { joins: parse("{}"), leaves: left(["1"]) }))).toEqual([])
    isUntouched()
  })
})
