import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createClient } from "redis"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest"
import {
  lmdbStore,
  memoryStore,
  redisStore,
  type ChatMessage,
  type ChatStore,
  type Kept,
  type NewMessage,
} from "rookery/chat/server"
import { PATIENCE } from "../../support/patience.js"
import { HAS_REDIS, RedisServer } from "../../support/redis-server.js"

const ADA = { id: "user:ada@example.com", email: "ada@example.com", display_name: null }
const KEPT: Kept = { messages: 1000, rooms: 1000, roomsPerUser: 1000 }
const LONG_AGO = Date.parse("2026-01-01T00:00:00.000Z")

const saying = (content: string, at = LONG_AGO, email = ADA.email): NewMessage => ({
  user: { id: `user:${email}`, email, display_name: null },
  content,
  timestamp: new Date(at).toISOString(),
})

let folder: string
let store: ChatStore
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "rookery-store-"))
})
afterEach(async () => {
  await store.close()
  rmSync(folder, { recursive: true })
})

/** Appends a message, and returns it as the store kept it; throws if the store refused it. */
async function append(room: string, message: NewMessage, kept = KEPT, by = store): Promise<ChatMessage> {
  const outcome = await by.append(room, message, kept, true)
  if (typeof outcome === "string") throw new Error(`refused: ${outcome}`)
  return outcome.said
}

const contents = async (room: string, limit = 100): Promise<string[]> =>
  (await store.messages(room, { limit })).map(({ content }) => content)

let server: RedisServer | undefined
const undo: (() => void)[] = []
beforeAll(async () => {
  if (HAS_REDIS) server = await RedisServer.start()
})
afterEach(() => undo.splice(0).forEach((step) => step()))
afterAll(() => server?.[Symbol.asyncDispose]())

async function inRedis(prefix = folder): Promise<ChatStore> {
  const client = createClient({ url: server?.url ?? "" })
  client.on("error", () => {})
  await client.connect()
  undo.push(() => client.destroy())
  return redisStore(client, { prefix })
}

const STORES: [name: string, open: () => ChatStore | Promise<ChatStore>][] = [
  ["memory", () => memoryStore()],
  ["lmdb", () => lmdbStore(folder)],
]
if (HAS_REDIS) STORES.push(["Redis", () => inRedis()])

describe.each(STORES)("a store by %s", (_name, open) => {
  beforeEach(async () => {
    store = await open()
  })

  it("gives a link once, however many ask for it at the same time", async () => {
    const link = { email: ADA.email, expires_at: 5 }
    await store.saveLink("hash", link)
    const taken = await Promise.all(Array.from({ length: 20 }, () => store.takeLink("hash")))
    expect(taken.filter((found) => found !== undefined)).toEqual([link])
    expect(await store.takeLink("hash")).toBeUndefined()
  })

  it("gives no link that was never saved", async () => {
    expect(await store.takeLink("hash")).toBeUndefined()
  })

  it("keeps a session until it is ended", async () => {
    const session = { email: ADA.email, expires_at: 5 }
    await store.saveSession("hash", session)
    await store.saveSession("other", session)
    expect(await store.session("hash")).toEqual(session)
    await store.endSession("hash")
    await store.endSession("hash")
    expect(await store.session("hash")).toBeUndefined()
    expect(await store.session("other")).toEqual(session)
  })

  it("throws away what has expired, and nothing else", async () => {
    const { email } = ADA
    await Promise.all(
      [5, 10, 15].flatMap((expires_at) => [
        store.saveLink(`link ${expires_at}`, { email, expires_at }),
        store.saveSession(`session ${expires_at}`, { email, expires_at }),
      ]),
    )
    await store.endSession("session 5")
    await append("lobby", saying("stays"))
    await store.setDisplayName(email, "Ada")
    await store.prune(10, -Infinity)
    const sessions = await Promise.all([5, 10, 15].map((at) => store.session(`session ${at}`)))
    const links = await Promise.all([5, 10, 15].map((at) => store.takeLink(`link ${at}`)))
    expect(sessions).toEqual([undefined, undefined, { email, expires_at: 15 }])
    expect(links).toEqual([undefined, undefined, { email, expires_at: 15 }])
    expect(await contents("lobby")).toEqual(["stays"])
    expect(await store.displayName(email)).toBe("Ada")
  })

  it("keeps a display name until it is taken away", async () => {
    expect(await store.displayName(ADA.email)).toBeNull()
    await store.setDisplayName(ADA.email, "Ada \u{1f43f}")
    expect(await store.displayName(ADA.email)).toBe("Ada \u{1f43f}")
    await store.setDisplayName(ADA.email, null)
    await store.setDisplayName(ADA.email, null)
    expect(await store.displayName(ADA.email)).toBeNull()
  })

  it("gives back a message as it was, with an id", async () => {
    const said = await append("lobby", saying("<b>\u0627\u{1f600}\n"))
    expect(said).toEqual({ id: expect.stringMatching(/^[0-9a-z]{21}$/), ...saying("<b>\u0627\u{1f600}\n") })
    expect(await store.messages("lobby", { limit: 1 })).toEqual([said])
  })

  it("keeps what is said at the same time in the order in which it came", async () => {
    const numbers = Array.from({ length: 50 }, (_, index) => String(index))
    const said = await Promise.all(numbers.map((content) => append("lobby", saying(content))))
    const ids = said.map(({ id }) => id)
    expect(ids).toEqual([...new Set(ids)].sort())
    expect(await contents("lobby")).toEqual(numbers)
  })

  it("keeps that order though the clock is set back, and goes on when it is set forward", async () => {
    for (const [content, at] of [
      ["first", LONG_AGO + 1000],
      ["second", LONG_AGO],
      ["third", LONG_AGO + 500],
      ["fourth", LONG_AGO + 2000],
    ] as const) {
      await append("lobby", saying(content, at))
    }
    expect(await contents("lobby")).toEqual(["first", "second", "third", "fourth"])
  })

  it("gives the newest messages, or those before one, the oldest first", async () => {
    for (const content of ["1", "2", "3", "4", "5"]) await append("lobby", saying(content))
    expect(await contents("lobby", 2)).toEqual(["4", "5"])
    const [fourth] = await store.messages("lobby", { limit: 2 })
    const before = await store.messages("lobby", { before: fourth?.id, limit: 2 })
    expect(before.map(({ content }) => content)).toEqual(["2", "3"])
    expect(await store.messages("lobby", { before: before[0]?.id, limit: 9 })).toHaveLength(1)
    expect(await store.messages("lobby", { limit: 0 })).toEqual([])
    expect(await store.messages("garden", { limit: 5 })).toEqual([])
  })

  it("finds what is before a message that is kept no more", async () => {
    const kept = { ...KEPT, messages: 3 }
    const first = await append("lobby", saying("1"), kept)
    for (const content of ["2", "3", "4"]) await append("lobby", saying(content), kept)
    expect(await store.messages("lobby", { before: first.id, limit: 5 })).toEqual([])
    expect(await contents("lobby")).toEqual(["2", "3", "4"])
  })

  it("mixes up no rooms, whatever they are called", async () => {
    const rooms = ["a", "a-", "a\u0000", "ab", "b", "\u5ba2\u5385", "\uffff"]
    for (const room of rooms) await append(room, saying(room))
    for (const room of rooms) expect(await contents(room)).toEqual([room])
  })

  it("keeps so many messages of each room, and so many rooms", async () => {
    const kept = { ...KEPT, messages: 2, rooms: 2 }
    for (const content of ["1", "2", "3"]) await append("lobby", saying(content), kept)
    await append("garden", saying("flowers"), kept)
    expect(await store.append("cellar", saying("wine"), kept, true)).toBe("rooms")
    expect(await contents("cellar")).toEqual([])
    expect(await append("garden", saying("bees"), kept)).toMatchObject({ content: "bees" })
    expect(await contents("lobby")).toEqual(["2", "3"])
    expect(await contents("garden")).toEqual(["flowers", "bees"])
  })

  it("tells which message began a room", async () => {
    expect(await store.append("lobby", saying("1"), KEPT, true)).toMatchObject({ isFirst: true })
    expect(await store.append("lobby", saying("2"), KEPT, true)).toMatchObject({ isFirst: false })
    expect(await store.append("lobby", saying("3"), KEPT, false)).toMatchObject({ isFirst: false })
  })

  it("begins no room that a message may not begin", async () => {
    expect(await store.append("lobby", saying("1"), KEPT, false)).toBe("mayBegin")
    expect(await contents("lobby")).toEqual([])
  })

  it("keeps so many rooms that one person has begun, and those of others beside them", async () => {
    const kept = { ...KEPT, roomsPerUser: 2 }
    await Promise.all(["a", "b"].map((room) => append(room, saying("mine"), kept)))
    expect(await store.append("c", saying("mine"), kept, true)).toBe("roomsPerUser")
    await append("c", saying("theirs", LONG_AGO, "bob@example.com"), kept)
    await append("c", saying("an answer"), kept)
    expect(await contents("c")).toEqual(["theirs", "an answer"])
  })

  it("keeps no more of them of many that are begun at the same time", async () => {
    const kept = { ...KEPT, roomsPerUser: 3 }
    const rooms = Array.from({ length: 10 }, (_, i) => `room ${i}`)
    const outcomes = await Promise.all(rooms.map((room) => store.append(room, saying("mine"), kept, true)))
    expect(outcomes.filter((outcome) => outcome === "roomsPerUser")).toHaveLength(7)
  })

  it("begins a room though all places are taken where there is no bound", async () => {
    const kept = { ...KEPT, rooms: 1, roomsPerUser: 1 }
    await append("garden", saying("flowers"), kept)
    await append("lobby", saying("hello"), { ...kept, rooms: Infinity, roomsPerUser: Infinity })
    expect(await contents("lobby")).toEqual(["hello"])
  })

  it("forgets rooms in which nothing was said for long, and their places are free again", async () => {
    const kept = { ...KEPT, rooms: 3, roomsPerUser: 2 }
    await append("old", saying("1"), kept)
    await append("used", saying("2"), kept)
    await append("new", saying("3", LONG_AGO + 50, "bob@example.com"), kept)
    await append("used", saying("4", LONG_AGO + 100, "bob@example.com"), kept)
    await store.prune(0, LONG_AGO)
    expect(await contents("old")).toEqual(["1"])
    await store.prune(0, LONG_AGO + 50)
    expect(await contents("old")).toEqual([])
    expect(await contents("used")).toEqual(["2", "4"])
    expect(await contents("new")).toEqual(["3"])
    expect(await store.append("next", saying("5", LONG_AGO + 100), kept, true)).toMatchObject({ isFirst: true })
    expect(await store.append("one more", saying("6", LONG_AGO + 100), kept, true)).toBe("rooms")
  })

  it("lists the rooms, the one with the newest message first, and none that is forgotten", async () => {
    const rooms = async (limit = 10): Promise<string[] | undefined> => store.rooms?.(limit)
    expect(await rooms()).toEqual([])
    for (const [at, room] of ["a", "b", "c"].entries()) await append(room, saying("hello", LONG_AGO + at))
    expect([await rooms(), await rooms(2)]).toEqual([
      ["c", "b", "a"],
      ["c", "b"],
    ])
    await append("a", saying("again", LONG_AGO + 10))
    expect(await rooms()).toEqual(["a", "c", "b"])
    for (let calls = 0; calls < 10; calls++) await store.prune(0, LONG_AGO + 2)
    expect(await rooms()).toEqual(["a", "c"])
    await append("b", saying("back", LONG_AGO + 20))
    expect(await rooms()).toEqual(["b", "a", "c"])
  })

  it("forgets every idle room after enough calls, however many there are", async () => {
    const rooms = Array.from({ length: 1200 }, (_, i) => `room ${i}`)
    await Promise.all(rooms.map((room) => append(room, saying("once"), { ...KEPT, rooms: 1200, roomsPerUser: 1200 })))
    await append("stays", saying("still", LONG_AGO + 10), { ...KEPT, rooms: 1201, roomsPerUser: 1201 })
    for (let calls = 0; calls < 40; calls++) await store.prune(0, LONG_AGO + 10)
    const left = await Promise.all(rooms.map((room) => contents(room)))
    expect(left.filter(({ length }) => length > 0)).toEqual([])
    expect(await contents("stays")).toEqual(["still"])
    expect(await store.append("room 1", saying("again"), { ...KEPT, rooms: 2 }, true)).toMatchObject({ isFirst: true })
  })

  it("forgets a room of many messages whole", async () => {
    await Promise.all(
      Array.from({ length: 1100 }, (_, i) => append("long", saying(String(i)), { ...KEPT, messages: 2000 })),
    )
    await store.prune(0, LONG_AGO + 10)
    expect(await contents("long", 2000)).toEqual([])
    expect(await store.append("long", saying("again"), { ...KEPT, roomsPerUser: 1 }, true)).toMatchObject({
      isFirst: true,
    })
  })
})

describe.skipIf(!HAS_REDIS)("a store that several servers share", () => {
  let other: ChatStore
  beforeEach(async () => {
    store = await inRedis()
    other = await inRedis()
  })
  afterEach(() => other.close())

  const follow = async (by: ChatStore): Promise<ChatMessage[]> => {
    const told: ChatMessage[] = []
    await by.follow?.("lobby", (message) => void told.push(message))
    return told
  }

  it("tells both every message once and by rising ids, whoever appends it", async () => {
    const told = [await follow(store), await follow(other)]
    const numbers = Array.from({ length: 100 }, (_, i) => i)
    await Promise.all(numbers.map((i) => append("lobby", saying(String(i)), KEPT, i % 2 ? store : other)))
    const kept = await store.messages("lobby", { limit: 100 })
    await vi.waitFor(() => expect(told.map((messages) => messages.length)).toEqual([100, 100]), PATIENCE)
    expect(told).toEqual([kept, kept])
  })

  it("tells nothing of before, and nothing of other rooms", async () => {
    await append("lobby", saying("before"))
    const told = await follow(other)
    await append("garden", saying("elsewhere"))
    await append("lobby", saying("after"))
    await vi.waitFor(() => expect(told.map(({ content }) => content)).toEqual(["after"]), PATIENCE)
  })

  it("makes up for what was said while its connection was gone", async () => {
    const told = await follow(other)
    const admin = createClient({ url: server?.url ?? "" })
    await admin.connect()
    undo.push(() => admin.destroy())
    for (let i = 0; i < 200; i++) {
      if (i % 40 === 20) await admin.sendCommand(["CLIENT", "KILL", "TYPE", "pubsub"])
      await append("lobby", saying(String(i)))
    }
    await vi.waitFor(() => expect(told).toHaveLength(200), PATIENCE)
    expect(told).toEqual(await store.messages("lobby", { limit: 200 }))
  })

  it("makes up for more messages than it reads at once", async () => {
    const told = await follow(other)
    const admin = createClient({ url: server?.url ?? "" })
    await admin.connect()
    undo.push(() => admin.destroy())
    const numbers = Array.from({ length: 1200 }, (_, i) => String(i))
    await admin.sendCommand(["CLIENT", "KILL", "TYPE", "pubsub"])
    await Promise.all(numbers.map((content) => append("lobby", saying(content), { ...KEPT, messages: 2000 })))
    await vi.waitFor(() => expect(told).toHaveLength(1200), PATIENCE)
    expect(told.map(({ content }) => content)).toEqual(numbers)
  })

  it("tells what is said in a room that was forgotten while somebody followed it", async () => {
    const told = await follow(other)
    await append("lobby", saying("old"))
    await store.prune(0, LONG_AGO + 10)
    await append("lobby", saying("new", LONG_AGO + 20))
    await vi.waitFor(() => expect(told.map(({ content }) => content)).toEqual(["old", "new"]), PATIENCE)
  })

  it("tells nothing more once nobody follows", async () => {
    const told: string[] = []
    const following = await other.follow?.("lobby", ({ content }) => void told.push(content))
    await append("lobby", saying("one"))
    await vi.waitFor(() => expect(told).toEqual(["one"]), PATIENCE)
    following?.stop()
    const again = await follow(other)
    await append("lobby", saying("two"))
    await vi.waitFor(() => expect(again).toHaveLength(1), PATIENCE)
    expect(told).toEqual(["one"])
  })
})
