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
import { HAS_REDIS, RedisServer } from "../../support/redis-server.js"

const ADA = { id: "user:ada@example.com", email: "ada@example.com", display_name: null }
const KEPT: Kept = { messages: 1000, rooms: 1000 }
const LONG_AGO = Date.parse("2026-01-01T00:00:00.000Z")

const saying = (content: string, at = LONG_AGO): NewMessage => ({
  user: ADA,
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

const contents = async (room: string, limit = 100): Promise<string[]> =>
  (await store.messages(room, { limit })).map(({ content }) => content)

let server: RedisServer | undefined
const undo: (() => void)[] = []
beforeAll(async () => {
  if (HAS_REDIS) server = await RedisServer.start()
}, 120_000)
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
    await store.append("lobby", saying("stays"), KEPT)
    await store.setDisplayName(email, "Ada")
    await store.prune(10)
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
    const said = await store.append("lobby", saying("<b>\u0627\u{1f600}\n"), KEPT)
    expect(said).toEqual({ id: expect.stringMatching(/^[0-9a-z]{21}$/), ...saying("<b>\u0627\u{1f600}\n") })
    expect(await store.messages("lobby", { limit: 1 })).toEqual([said])
  })

  it("keeps what is said at the same time in the order in which it came", async () => {
    const numbers = Array.from({ length: 50 }, (_, index) => String(index))
    const said = await Promise.all(numbers.map((content) => store.append("lobby", saying(content), KEPT)))
    const ids = said.map((message) => message?.id ?? "")
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
      await store.append("lobby", saying(content, at), KEPT)
    }
    expect(await contents("lobby")).toEqual(["first", "second", "third", "fourth"])
  })

  it("gives the newest messages, or those before one, the oldest first", async () => {
    for (const content of ["1", "2", "3", "4", "5"]) await store.append("lobby", saying(content), KEPT)
    expect(await contents("lobby", 2)).toEqual(["4", "5"])
    const [fourth] = await store.messages("lobby", { limit: 2 })
    const before = await store.messages("lobby", { before: fourth?.id, limit: 2 })
    expect(before.map(({ content }) => content)).toEqual(["2", "3"])
    expect(await store.messages("lobby", { before: before[0]?.id, limit: 9 })).toHaveLength(1)
    expect(await store.messages("lobby", { limit: 0 })).toEqual([])
    expect(await store.messages("garden", { limit: 5 })).toEqual([])
  })

  it("finds what is before a message that is kept no more", async () => {
    const kept = { messages: 3, rooms: 10 }
    const first = await store.append("lobby", saying("1"), kept)
    for (const content of ["2", "3", "4"]) await store.append("lobby", saying(content), kept)
    expect(await store.messages("lobby", { before: first?.id, limit: 5 })).toEqual([])
    expect(await contents("lobby")).toEqual(["2", "3", "4"])
  })

  it("mixes up no rooms, whatever they are called", async () => {
    const rooms = ["a", "a-", "a\u0000", "ab", "b", "\u5ba2\u5385", "\uffff"]
    for (const room of rooms) await store.append(room, saying(room), KEPT)
    for (const room of rooms) expect(await contents(room)).toEqual([room])
  })

  it("keeps so many messages of each room, and so many rooms", async () => {
    const kept = { messages: 2, rooms: 2 }
    for (const content of ["1", "2", "3"]) await store.append("lobby", saying(content), kept)
    await store.append("garden", saying("flowers"), kept)
    expect(await store.append("cellar", saying("wine"), kept)).toBeUndefined()
    expect(await contents("cellar")).toEqual([])
    expect(await store.append("garden", saying("bees"), kept)).toMatchObject({ content: "bees" })
    expect(await contents("lobby")).toEqual(["2", "3"])
    expect(await contents("garden")).toEqual(["flowers", "bees"])
  })
})

describe.skipIf(!HAS_REDIS)("a store that several servers share", { timeout: 30_000 }, () => {
  const SOON = { timeout: 15_000, interval: 10 }
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
    await Promise.all(numbers.map((i) => (i % 2 ? store : other).append("lobby", saying(String(i)), KEPT)))
    const kept = await store.messages("lobby", { limit: 100 })
    await vi.waitFor(() => expect(told.map((messages) => messages.length)).toEqual([100, 100]), SOON)
    expect(told).toEqual([kept, kept])
  })

  it("tells nothing of before, and nothing of other rooms", async () => {
    await store.append("lobby", saying("before"), KEPT)
    const told = await follow(other)
    await store.append("garden", saying("elsewhere"), KEPT)
    await store.append("lobby", saying("after"), KEPT)
    await vi.waitFor(() => expect(told.map(({ content }) => content)).toEqual(["after"]), SOON)
  })

  it("makes up for what was said while its connection was gone", async () => {
    const told = await follow(other)
    const admin = createClient({ url: server?.url ?? "" })
    await admin.connect()
    undo.push(() => admin.destroy())
    for (let i = 0; i < 200; i++) {
      if (i % 40 === 20) await admin.sendCommand(["CLIENT", "KILL", "TYPE", "pubsub"])
      await store.append("lobby", saying(String(i)), KEPT)
    }
    await vi.waitFor(() => expect(told).toHaveLength(200), SOON)
    expect(told).toEqual(await store.messages("lobby", { limit: 200 }))
  })

  it("tells nothing more once nobody follows", async () => {
    const told: string[] = []
    const following = await other.follow?.("lobby", ({ content }) => void told.push(content))
    await store.append("lobby", saying("one"), KEPT)
    await vi.waitFor(() => expect(told).toEqual(["one"]), SOON)
    following?.stop()
    const again = await follow(other)
    await store.append("lobby", saying("two"), KEPT)
    await vi.waitFor(() => expect(again).toHaveLength(1), SOON)
    expect(told).toEqual(["one"])
  })
})
