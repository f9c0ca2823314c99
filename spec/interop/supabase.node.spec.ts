import { RealtimeClient, type RealtimeChannel, type RealtimeClientOptions } from "@supabase/realtime-js"
import { jsonV1, Socket } from "rookery"
import { supabase, type UserBroadcast } from "rookery/supabase"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { WebSocket } from "ws"
import { API_KEY, startSupabaseApp, type SupabaseApp } from "../support/supabase-app.js"

let app: SupabaseApp
const clients: RealtimeClient[] = []

beforeEach(async () => {
  app = await startSupabaseApp()
})
afterEach(async () => {
  for (const client of clients.splice(0)) void client.disconnect()
  await app.endpoint.close()
})

function createClient(options: RealtimeClientOptions = {}): RealtimeClient {
  const client = new RealtimeClient(app.url, {
    // The types of the client only know the browser's WebSocket.
    transport: WebSocket as unknown as NonNullable<RealtimeClientOptions["transport"]>,
    params: { apikey: API_KEY },
    reconnectAfterMs: () => 10,
    ...options,
  })
  clients.push(client)
  return client
}

type Status = Parameters<NonNullable<Parameters<RealtimeChannel["subscribe"]>[0]>>[0]

/** Subscribes, and returns the first status. */
const subscribed = (channel: RealtimeChannel): Promise<[status: Status, error: Error | undefined]> =>
  new Promise((resolve) => {
    channel.subscribe((status, error) => resolve([status, error]))
  })

const heard = (channel: RealtimeChannel, event: string): Promise<unknown> =>
  new Promise((resolve) => {
    channel.on("broadcast", { event }, resolve)
  })

/** Both versions of the protocol that the client offers. */
describe.each(["2.0.0", "1.0.0"])("the client of Supabase, vsn %s", (vsn) => {
  const enter = (options: RealtimeClientOptions = {}): RealtimeClient => createClient({ vsn, ...options })

  it("connects, subscribes and unsubscribes", async () => {
    const client = enter()
    const channel = client.channel("lobby")
    expect(await subscribed(channel)).toEqual(["SUBSCRIBED", undefined])
    expect(app.endpoint.counters()).toMatchObject({ rookery_sockets: 1, rookery_channels: 1 })
    expect(await channel.unsubscribe()).toBe("ok")
    expect(client.getChannels()).toEqual([])
    const again = client.channel("lobby")
    expect(await subscribed(again)).toEqual(["SUBSCRIBED", undefined])
    expect(await client.removeChannel(again)).toBe("ok")
  })

  it("broadcasts to others, and to itself where it asks for that", async () => {
    const [ada, bob] = [enter().channel("lobby"), enter().channel("lobby", { config: { broadcast: { self: true } } })]
    const toAda: unknown[] = []
    ada.on("broadcast", { event: "*" }, (message) => void toAda.push(message))
    const toBob = heard(bob, "hello")
    for (const channel of [ada, bob]) await subscribed(channel)
    expect(await ada.send({ type: "broadcast", event: "hello", payload: { text: "hé" } })).toBe("ok")
    expect(await toBob).toEqual({ type: "broadcast", event: "hello", payload: { text: "hé" } })
    const [back, over] = [heard(bob, "answer"), heard(ada, "answer")]
    await bob.send({ type: "broadcast", event: "answer", payload: { n: 1 } })
    const answer = { type: "broadcast", event: "answer", payload: { n: 1 } }
    expect(await Promise.all([back, over])).toEqual([answer, answer])
    expect(toAda).toEqual([answer])
  })

  it("has a broadcast acknowledged where it asks for that", async () => {
    const channel = enter().channel("lobby", { config: { broadcast: { ack: true } } })
    await subscribed(channel)
    const before = app.endpoint.counters().rookery_broadcasts_total
    expect(await channel.send({ type: "broadcast", event: "hello", payload: {} })).toBe("ok")
    expect(app.endpoint.counters().rookery_broadcasts_total).toBe(before + 1)
  })

  it("tracks a presence, and takes it away", async () => {
    const enterAs = (key: string): RealtimeChannel => enter().channel("lobby", { config: { presence: { key } } })
    const [ada, bob] = [enterAs("ada"), enterAs("bob")]
    const told: string[] = []
    const whoIsThere = (): string =>
      Object.entries(ada.presenceState<{ mood: string }>())
        .map(([key, metas]) => `${key}:${metas.map(({ mood }) => mood).join("+")}`)
        .join()
    let look = (): void => {}
    ada.on("presence", { event: "sync" }, () => look())
    ada.on("presence", { event: "join" }, ({ key }) => void told.push(`+${key}`))
    ada.on("presence", { event: "leave" }, ({ key }) => void told.push(`-${key}`))
    bob.on("presence", { event: "sync" }, () => {})
    const seen = (expected: string): Promise<void> =>
      new Promise((resolve) => {
        look = () => {
          if (whoIsThere() === expected) resolve()
        }
        look()
      })
    for (const channel of [ada, bob]) await subscribed(channel)
    expect(await ada.track({ mood: "fine" })).toBe("ok")
    await seen("ada:fine")
    expect(await bob.track({ mood: "tired" })).toBe("ok")
    await seen("ada:fine,bob:tired")
    expect(await ada.untrack()).toBe("ok")
    await seen("bob:tired")
    await bob.unsubscribe()
    await seen("")
    expect(told).toEqual(["+ada", "+bob", "-ada", "-bob"])
  })

  // The client reports a change well, but its own state goes wrong: it removes the refs from the metas that it keeps.
  it("hears of a presence that changes", async () => {
    const channel = enter().channel("lobby", { config: { presence: { key: "ada" } } })
    const moods: string[] = []
    const both = new Promise<void>((resolve) => {
      channel.on("presence", { event: "join" }, ({ newPresences }) => {
        if (moods.push(...newPresences.map(({ mood }) => mood as string)) === 2) resolve()
      })
    })
    await subscribed(channel)
    for (const mood of ["tired", "awake"]) expect(await channel.track({ mood })).toBe("ok")
    await both
    expect(moods).toEqual(["tired", "awake"])
    expect(app.endpoint.presences("realtime:lobby")["ada"]?.metas).toMatchObject([{ mood: "awake" }])
  })

  it("hears of rows, and what the system tells", async () => {
    const channel = enter().channel("rows")
    const row = new Promise<unknown>((resolve) => {
      channel.on("postgres_changes", { event: "INSERT", schema: "public", table: "notes" }, resolve)
    })
    const system = new Promise<unknown>((resolve) => void channel.on("system", {}, resolve))
    expect(await subscribed(channel)).toEqual(["SUBSCRIBED", undefined])
    expect(await system).toMatchObject({ status: "ok", extension: "postgres_changes" })
    app.insert("realtime:rows", "notes", { text: "hi" })
    expect(await row).toMatchObject({ eventType: "INSERT", table: "notes", new: { text: "hi" } })
  })

  it("sends its token with a join, and a new one to whom it has joined", async () => {
    const client = enter()
    const channel = client.channel("secret", { config: { private: true } })
    const [status, error] = await subscribed(channel)
    expect([status, error?.message]).toEqual(["CHANNEL_ERROR", expect.stringContaining("Unauthorized")])
    await client.removeChannel(channel)
    await client.setAuth("first")
    const again = client.channel("secret", { config: { private: true, broadcast: { ack: true } } })
    expect(await subscribed(again)).toEqual(["SUBSCRIBED", undefined])
    await client.setAuth("second")
    await again.send({ type: "broadcast", event: "fence", payload: {} })
    expect(app.tokens).toEqual([["realtime:secret", "second"]])
  })

  it("has its heartbeats answered", async () => {
    const beats: string[] = []
    await new Promise<void>((resolve) => {
      const heartbeatCallback = (status: string): void => {
        if (beats.push(status) === 4) resolve()
      }
      // The client gives up on an answer after an interval, so a short one would count how busy the machine is.
      enter({ heartbeatIntervalMs: 2500, heartbeatCallback }).connect()
    })
    expect(beats).toEqual(["sent", "ok", "sent", "ok"])
  })

  it("comes back with its channels after the connection has ended", async () => {
    const client = enter()
    const channel = client.channel("lobby", { config: { broadcast: { ack: true } } })
    const statuses: string[] = []
    const back = new Promise<void>((resolve) => {
      channel.subscribe((status) => {
        if (statuses.push(status) === 1) for (const socket of sockets) socket.disconnect()
        if (statuses.length === 3) resolve()
      })
    })
    const sockets = new Set<{ disconnect(): void }>()
    app.endpoint.on("socketConnected", ({ socket }) => sockets.add(socket))
    await back
    expect(statuses).toEqual(["SUBSCRIBED", "CHANNEL_ERROR", "SUBSCRIBED"])
    expect(await channel.send({ type: "broadcast", event: "hello", payload: {} })).toBe("ok")
  })
})

it("a client without its key is kept out", async () => {
  const refused = new Promise((resolve) => app.endpoint.on("connectRefused", resolve))
  createClient({ params: { apikey: "another" } }).connect()
  expect(await refused).toMatchObject({ status: 403 })
  expect(app.endpoint.counters().rookery_sockets).toBe(0)
})

it("clients of both versions, and our own, hear each other", async () => {
  const channels = ["2.0.0", "1.0.0"].map((vsn) => createClient({ vsn }).channel("lobby"))
  const [v2, v1] = channels as [RealtimeChannel, RealtimeChannel]
  const [toV2, toV1] = [heard(v2, "hello"), heard(v1, "hi")]
  for (const channel of channels) await subscribed(channel)
  await v2.send({ type: "broadcast", event: "hi", payload: { from: "2.0.0" } })
  expect(await toV1).toEqual({ type: "broadcast", event: "hi", payload: { from: "2.0.0" } })
  await v1.send({ type: "broadcast", event: "hello", payload: { from: "1.0.0" } })
  expect(await toV2).toEqual({ type: "broadcast", event: "hello", payload: { from: "1.0.0" } })
  using socket = new Socket(app.url, { params: { apikey: API_KEY }, serializer: jsonV1() })
  socket.connect()
  const room = await socket.join("realtime:lobby", { config: { broadcast: { ack: true } } })
  const toAll = channels.map((channel) => heard(channel, "hey"))
  const hey = { type: "broadcast", event: "hey", payload: { from: "rookery" } }
  await room.push("broadcast", hey)
  expect(await Promise.all(toAll)).toEqual([hey, hey])
})

it("events and topics beyond ASCII arrive, though the client writes them as Latin-1", async () => {
  const [ada, bob] = [createClient().channel("café"), createClient().channel("café")]
  const toBob = heard(bob, "über")
  for (const channel of [ada, bob]) await subscribed(channel)
  await ada.send({ type: "broadcast", event: "über", payload: { text: "日本" } })
  expect(await toBob).toEqual({ type: "broadcast", event: "über", payload: { text: "日本" } })
})

it("our own client with the serializer of Supabase sends and gets bytes", async () => {
  const channel = createClient().channel("lobby")
  const [theirs] = [heard(channel, "bytes"), await subscribed(channel)]
  using socket = new Socket(app.url, { params: { apikey: API_KEY }, serializer: supabase() })
  socket.connect()
  const room = await socket.join("realtime:lobby", {})
  room.push("broadcast", { type: "broadcast", event: "bytes", payload: Uint8Array.of(1, 255) }).catch(() => {})
  const { payload } = (await theirs) as { payload: ArrayBuffer }
  expect(new Uint8Array(payload)).toEqual(Uint8Array.of(1, 255))
  const ours = new Promise<UserBroadcast>((resolve) => void room.on("broadcast", resolve))
  await channel.send({ type: "broadcast", event: "back", payload: Uint8Array.of(2, 254).buffer })
  expect(await ours).toEqual({ type: "broadcast", event: "back", payload: Uint8Array.of(2, 254).buffer })
})

it("bytes are broadcast as bytes", async () => {
  const [ada, bob] = [createClient().channel("lobby"), createClient().channel("lobby")]
  const toBob = heard(bob, "bytes")
  for (const channel of [ada, bob]) await subscribed(channel)
  await ada.send({ type: "broadcast", event: "bytes", payload: Uint8Array.of(0, 1, 255).buffer })
  const { payload } = (await toBob) as { payload: ArrayBuffer }
  expect(new Uint8Array(payload)).toEqual(Uint8Array.of(0, 1, 255))
})
