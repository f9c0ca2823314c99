import type { Channel, PushError, Socket } from "rookery"
import { memoryStore, type ChatMessage, type ChatStore, type ChatTopics } from "rookery/chat/server"
import { afterEach, describe, expect, it, vi } from "vitest"
import { PATIENCE } from "../../support/patience.js"
import { ChatStage, Inbox } from "./stage.js"

type Room = Channel<ChatTopics["room:*"]>
type Own = Channel<ChatTopics["user:*"]>

let stage: ChatStage
let time = Date.parse("2030-01-01T00:00:00Z")
const now = (): number => time
afterEach(() => stage[Symbol.asyncDispose]())

const userOf = (email: string, display_name: string | null = null) => ({ id: `user:${email}`, email, display_name })
const stamp = (): string => new Date(time).toISOString()
const plenty = { burst: 1e6, everyMs: 1 }
const patient = { messagesPerUser: { burst: 1e6, everyMs: 1 }, asksPerUser: { burst: 1e6, everyMs: 1 } }

async function enter(socket: Socket<ChatTopics>, name = "lobby"): Promise<Room> {
  const room = socket.channel(`room:${name}`)
  await room.join()
  return room
}

function heard<E extends keyof ChatTopics["room:*"]["receives"]>(
  room: Room,
  event: E,
): Inbox<ChatTopics["room:*"]["receives"][E]> {
  const inbox = new Inbox<ChatTopics["room:*"]["receives"][E]>()
  room.on(event, inbox.put as never)
  return inbox
}

/** Logs the events of a channel from now on, with the content of messages. */
function diary(room: Room): string[] {
  const events: string[] = []
  room.onMessage = (event, payload) => {
    events.push(event === "message" ? `message ${(payload as ChatMessage).content}` : event)
    return payload
  }
  return events
}

describe("a room", () => {
  it("shows who is there and what was said last to whoever joins", async () => {
    stage = await ChatStage.open({ now, history: 2, limits: patient })
    const ada = await enter(await stage.person("ada@example.com"))
    const ids = []
    for (const content of ["one", "two", "three"]) ids.push((await ada.push("send", { content })).message_id)
    const bob = (await stage.person("bob@example.com")).channel("room:lobby")
    const said = (id: string | undefined, content: string) => ({
      id,
      user: userOf("ada@example.com"),
      content,
      timestamp: stamp(),
    })
    expect(await bob.join()).toEqual({
      users: [userOf("ada@example.com"), userOf("bob@example.com")],
      total_connections: 2,
      messages: [said(ids[1], "two"), said(ids[2], "three")],
    })
    expect(await ada.push("users", {})).toEqual({ users: [userOf("ada@example.com"), userOf("bob@example.com")] })
  })

  it.each(["", "-a", "Lobby", "a b", "a/b", "a".repeat(65), "lobby\u200b", "e\u0301"])(
    "is not called %j",
    async (name) => {
      stage = await ChatStage.open()
      const room = (await stage.person("ada@example.com")).channel(`room:${name}`)
      await expect(room.join()).rejects.toMatchObject({ response: { code: 400, error: expect.any(String) } })
    },
  )

  it.each(["a", "garden-2", "7_up", "küche", "客厅", "a".repeat(64)])("may be called %j", async (name) => {
    stage = await ChatStage.open()
    const room = await enter(await stage.person("ada@example.com"), name)
    expect(await room.push("users", {})).toEqual({ users: [userOf("ada@example.com")] })
  })

  it("tells of a person's first connection, but not that one, and of the last", async () => {
    stage = await ChatStage.open({ now })
    const ada = await enter(await stage.person("ada@example.com"))
    const [joined, left] = [heard(ada, "user_joined"), heard(ada, "user_left")]
    const token = await stage.logIn("bob@example.com")
    const [laptop, phone] = [await stage.connect(token), await stage.connect(token)]
    const onLaptop = laptop.channel("room:lobby")
    const events = diary(onLaptop)
    await onLaptop.join()
    // The laptop has received all events of its own join when this push is answered.
    await onLaptop.push("users", {})
    const bob = userOf("bob@example.com")
    expect(await joined.next()).toEqual({ user: bob, timestamp: stamp(), total_connections: 2 })
    const second = await phone.channel("room:lobby").join()
    expect(second).toMatchObject({ total_connections: 3, users: [userOf("ada@example.com"), bob] })
    laptop.destroy()
    const cay = await enter(await stage.person("cay@example.com"))
    expect(await joined.next()).toMatchObject({ user: userOf("cay@example.com"), total_connections: 3 })
    await cay.leave()
    // Bob's laptop left before, without an event, because his phone stayed.
    expect(await left.next()).toEqual({
      user: userOf("cay@example.com"),
      timestamp: stamp(),
      remaining_connections: 2,
    })
    phone.destroy()
    expect(await left.next()).toEqual({ user: bob, timestamp: stamp(), remaining_connections: 1 })
    expect(joined.left).toEqual([])
    expect(events).toContain("presence_diff")
    expect(events).not.toContain("user_joined")
  })

  it("is tracked by the user's id", async () => {
    stage = await ChatStage.open()
    await enter(await stage.person("ada@example.com"))
    const presences = stage.chat.endpoint.presences("room:lobby")
    expect(Object.keys(presences)).toEqual(["user:ada@example.com"])
    expect(presences["user:ada@example.com"]?.metas).toMatchObject([{ email: "ada@example.com", display_name: null }])
  })
})

describe("a message", () => {
  it("goes to everybody, its sender included, after it was acknowledged", async () => {
    stage = await ChatStage.open({ now })
    const socket = await stage.person("ada@example.com")
    const ada = socket.channel("room:lobby")
    const events = diary(ada)
    await ada.join()
    const bob = await enter(await stage.person("bob@example.com"))
    const [own, others] = [heard(ada, "message"), heard(bob, "message")]
    // Ada has received the events of bob's join when this push is answered.
    await ada.push("users", {})
    events.length = 0
    const { message_id, timestamp } = await ada.push("send", { content: "  hello\r\nthere " })
    expect(timestamp).toBe(stamp())
    const message = { id: message_id, user: userOf("ada@example.com"), content: "hello\nthere", timestamp }
    expect([await own.next(), await others.next()]).toEqual([message, message])
    expect(events).toEqual(["phx_reply", "message hello\nthere"])
  })

  it("is stored before it is acknowledged, and nobody hears of it before", async () => {
    const store = memoryStore()
    const asked = new Inbox<() => void>()
    const slow: ChatStore = {
      ...store,
      append: (...message) => new Promise((resolve) => asked.put(() => resolve(store.append(...message)))),
    }
    stage = await ChatStage.open({ store: slow })
    const socket = await stage.person("ada@example.com")
    const [room, other] = [await enter(socket), await enter(await stage.person("bob@example.com"))]
    await room.push("users", {})
    const [events, others] = [diary(room), diary(other)]
    const sent = room.push("send", { content: "hello" })
    const keep = await asked.next()
    // Any event up to now would arrive before the answer to this join.
    await enter(socket, "garden")
    await other.push("users", {})
    expect([events, others]).toEqual([[], ["phx_reply"]])
    keep()
    await sent
    await vi.waitFor(() => expect(events).toEqual(["phx_reply", "message hello"]), PATIENCE)
    const { messages } = await other.push("history", {})
    expect(messages.map(({ content }) => content)).toEqual(["hello"])
  })

  it("is heard by all in the order in which it is kept", async () => {
    const store = memoryStore()
    const asked = new Inbox<() => void>()
    const slow: ChatStore = {
      ...store,
      async append(...message) {
        const said = await store.append(...message)
        await new Promise<void>((resolve) => asked.put(resolve))
        return said
      },
    }
    stage = await ChatStage.open({ store: slow })
    const socket = await stage.person("ada@example.com")
    const [ada, bob] = [await enter(socket), await enter(await stage.person("bob@example.com"))]
    const [byAda, byBob] = [heard(ada, "message"), heard(bob, "message")]
    const first = ada.push("send", { content: "first" })
    const keepFirst = await asked.next()
    const second = bob.push("send", { content: "second" })
    const keepSecond = await asked.next()
    // The store finishes the later message first.
    keepSecond()
    await enter(socket, "garden")
    keepFirst()
    await Promise.all([first, second])
    for (const inbox of [byAda, byBob]) {
      expect([(await inbox.next()).content, (await inbox.next()).content]).toEqual(["first", "second"])
    }
  })

  it.each([
    ["nothing", "  \n ", 400],
    ["no text", 7, 400],
    ["a control character", "a\u0000b", 400],
    ["too much", "a".repeat(4001), 413],
  ])("is refused that says %s", async (_what, content, code) => {
    stage = await ChatStage.open()
    const room = await enter(await stage.person("ada@example.com"))
    const refusal = { status: "error", response: { code, error: expect.any(String) } }
    await expect(room.push("send", { content: content as string })).rejects.toMatchObject(refusal)
    expect((await room.push("history", {})).messages).toEqual([])
  })

  it("is counted by its characters, of whatever size", async () => {
    stage = await ChatStage.open()
    const room = await enter(await stage.person("ada@example.com"))
    const content = "🐦".repeat(4000)
    await room.push("send", { content })
    expect((await room.push("history", {})).messages[0]?.content).toBe(content)
  })

  it.each([[null], [[]], ["text"], [7], [{}]])(
    "is refused of the payload %j, and the room goes on",
    async (payload) => {
      stage = await ChatStage.open()
      const room = await enter(await stage.person("ada@example.com"))
      await expect(room.push("send", payload as never)).rejects.toMatchObject({ response: { code: 400 } })
      expect(room.state).toBe("joined")
    },
  )

  it("is limited for each person, whatever sockets they send it on", async () => {
    stage = await ChatStage.open({ now, limits: { messagesPerUser: { burst: 2, everyMs: 1000 } } })
    const token = await stage.logIn("ada@example.com")
    const [one, two] = [await enter(await stage.connect(token)), await enter(await stage.connect(token), "garden")]
    const bob = await enter(await stage.person("bob@example.com"))
    await one.push("send", { content: "1" })
    await two.push("send", { content: "2" })
    const refusal = { response: { code: 429, error: "that is too fast; wait 1 s" } }
    await expect(one.push("send", { content: "3" })).rejects.toMatchObject(refusal)
    await expect(two.push("send", { content: "3" })).rejects.toMatchObject(refusal)
    await bob.push("send", { content: "1" })
    time += 1000
    expect(await one.push("send", { content: "3" })).toMatchObject({ timestamp: stamp() })
  })

  it("a message that cannot be stored is refused, and the room continues", async () => {
    const error = new Error("the disk is full")
    let broken = true
    const store = memoryStore()
    const append: ChatStore["append"] = (...message) => (broken ? Promise.reject(error) : store.append(...message))
    stage = await ChatStage.open({ store: { ...store, append } })
    const room = await enter(await stage.person("ada@example.com"))
    const refusal = { response: { code: 500, error: "the server could not do that; try again" } }
    await expect(room.push("send", { content: "lost" })).rejects.toMatchObject(refusal)
    expect(stage.errors).toEqual([error])
    broken = false
    const messages = heard(room, "message")
    await room.push("send", { content: "kept" })
    expect((await messages.next()).content).toBe("kept")
  })

  it("is refused in one room more than one person may begin, while others begin theirs", async () => {
    stage = await ChatStage.open({ limits: { roomsPerUser: 2 } })
    const [ada, bob] = [await stage.person("ada@example.com"), await stage.person("bob@example.com")]
    for (const name of ["a", "b"]) await (await enter(ada, name)).push("send", { content: "mine" })
    const third = await enter(ada, "c")
    await expect(third.push("send", { content: "mine too" })).rejects.toMatchObject({
      response: { code: 507, error: "you have created 2 rooms, the maximum for one user; use an existing room" },
    })
    await (await enter(bob, "c")).push("send", { content: "his" })
    await third.push("send", { content: "an answer" })
  })

  it("is refused in many new rooms at once, of one person and of one network under many names", async () => {
    stage = await ChatStage.open({ now, limits: { newRooms: { burst: 3, everyMs: 60_000 }, loginsPerAddress: plenty } })
    const begin = async (email: string, name: string): Promise<unknown> => {
      const room = await enter(await stage.person(email), name)
      return room.push("send", { content: "hello" }).then(
        () => "ok",
        (error: unknown) => (error as PushError).response,
      )
    }
    const said: unknown[] = []
    for (let i = 0; i < 5; i++) said.push(await begin(`p${i}@example.com`, `room-${i}`))
    const refusal = { code: 429, error: "rooms are created too fast; wait 60 s, or use an existing room" }
    expect(said).toEqual(["ok", "ok", "ok", refusal, refusal])
    // Existing rooms still take messages.
    expect(await begin("p6@example.com", "room-0")).toBe("ok")
    time += 60_000
    expect(await begin("p7@example.com", "room-7")).toBe("ok")
  })

  it("is always kept in the lobby, though nobody may begin a room any more", async () => {
    stage = await ChatStage.open({ limits: { rooms: 1, roomsPerUser: 1, newRooms: { burst: 1, everyMs: 60_000 } } })
    const ada = await stage.person("ada@example.com")
    await (await enter(ada, "garden")).push("send", { content: "flowers" })
    const sent = (await enter(ada)).push("send", { content: "hello" })
    expect(await sent).toMatchObject({ message_id: expect.any(String) })
  })

  it("a refused message counts towards the rate as much as a stored one", async () => {
    stage = await ChatStage.open({ now, limits: { messagesPerUser: { burst: 2, everyMs: 1000 } } })
    const room = await enter(await stage.person("ada@example.com"))
    const codes: unknown[] = []
    for (const content of ["x".repeat(100_000), "\u0000", "hello"]) {
      const refusal = await room.push("send", { content }).catch((error: unknown) => (error as PushError).response)
      codes.push((refusal as { code: number }).code)
    }
    expect(codes).toEqual([413, 400, 429])
  })

  it("is forgotten with its room when nothing was said there for so many days", async () => {
    stage = await ChatStage.open({ now, roomDays: 7, sessionDays: 30, limits: { roomsPerUser: 1 } })
    const room = await enter(await stage.person("ada@example.com"), "garden")
    await room.push("send", { content: "flowers" })
    const contents = async (): Promise<string[]> =>
      (await room.push("history", {})).messages.map(({ content }) => content)
    time += 7 * 24 * 3600_000
    await stage.chat.sweep()
    expect(await contents()).toEqual(["flowers"])
    time += 1
    await stage.chat.sweep()
    expect(await contents()).toEqual([])
    await room.push("send", { content: "bees" })
    expect(await contents()).toEqual(["bees"])
  })

  it("comes in answers of a bounded size, however long the messages are", async () => {
    stage = await ChatStage.open({ now, history: 200, limits: patient })
    const socket = await stage.person("ada@example.com")
    const room = await enter(socket)
    const lengths = Array.from({ length: 100 }, () => 4000)
    for (const length of lengths) await room.push("send", { content: "x".repeat(length) })
    const page = await room.push("history", {})
    expect(page.messages).toHaveLength(65)
    const before = page.messages[0]?.id
    expect((await room.push("history", before === undefined ? {} : { before })).messages).toHaveLength(35)
    const again = (await stage.person("bob@example.com")).channel("room:lobby")
    expect((await again.join()).messages).toHaveLength(65)
  })

  it("is refused in one room more than are kept", async () => {
    stage = await ChatStage.open({ limits: { rooms: 1 } })
    const socket = await stage.person("ada@example.com")
    const [garden, cellar] = [await enter(socket, "garden"), await enter(socket, "cellar")]
    await garden.push("send", { content: "hello" })
    await expect(cellar.push("send", { content: "hello" })).rejects.toMatchObject({ response: { code: 507 } })
    await garden.push("send", { content: "hello again" })
  })
})

describe("the history of a room", () => {
  it("is given page by page", async () => {
    stage = await ChatStage.open({ limits: patient })
    const room = await enter(await stage.person("ada@example.com"))
    for (let i = 0; i < 7; i++) await room.push("send", { content: String(i) })
    const pages = []
    let before: string | undefined
    for (;;) {
      const { messages } = await room.push("history", { limit: 3, ...(before !== undefined && { before }) })
      if (messages.length === 0) break
      pages.push(messages.map(({ content }) => content).join(""))
      before = messages[0]?.id
    }
    expect(pages).toEqual(["456", "123", "0"])
  })

  it("is given in pages of so many at most", async () => {
    stage = await ChatStage.open({ limits: patient })
    const room = await enter(await stage.person("ada@example.com"))
    for (let i = 0; i < 201; i++) await room.push("send", { content: String(i) })
    for (const limit of [{}, { limit: 1e9 }, { limit: Infinity }]) {
      const { messages } = await room.push("history", limit)
      expect(messages).toHaveLength(200)
    }
  })

  it.each([{ limit: 0 }, { limit: "5" }, { limit: -1 }, { before: 7 }, { before: "" }, { before: "x".repeat(3000) }])(
    "is refused for %j",
    async (payload) => {
      stage = await ChatStage.open()
      const room = await enter(await stage.person("ada@example.com"))
      await expect(room.push("history", payload as never)).rejects.toMatchObject({ response: { code: 400 } })
    },
  )

  it("keeps so many messages of a room and no more", async () => {
    stage = await ChatStage.open({ limits: { ...patient, messagesPerRoom: 3 } })
    const room = await enter(await stage.person("ada@example.com"))
    for (const content of "abcde") await room.push("send", { content })
    const { messages } = await room.push("history", {})
    expect(messages.map(({ content }) => content).join("")).toBe("cde")
  })

  it("is not asked for without end", async () => {
    stage = await ChatStage.open({ now, limits: { asksPerUser: { burst: 2, everyMs: 1000 } } })
    const socket = await stage.person("ada@example.com")
    const room = await enter(socket)
    await room.push("history", {})
    await expect(room.push("history", {})).rejects.toMatchObject({ response: { code: 429 } })
    await expect(room.push("users", {})).rejects.toMatchObject({ response: { code: 429 } })
    await expect(enter(socket, "garden")).rejects.toMatchObject({ response: { code: 429 } })
  })
})

describe("somebody's own channel", () => {
  async function own(socket: Socket<ChatTopics>, email: string): Promise<Own> {
    const channel = socket.channel(`user:${email}`)
    await channel.join()
    return channel
  }

  it("tells who they are, and is closed to everybody else", async () => {
    stage = await ChatStage.open({ now })
    const socket = await stage.person("ada@example.com")
    expect(await socket.channel("user:ada@example.com").join()).toEqual({
      user: userOf("ada@example.com"),
      channel: "user:ada@example.com",
      server_time: stamp(),
    })
    await expect(own(socket, "bob@example.com")).rejects.toMatchObject({ response: { code: 403 } })
  })

  it("tells every room they are in, once, and their other clients of a new name", async () => {
    stage = await ChatStage.open({ now })
    const token = await stage.logIn("ada@example.com")
    const [laptop, phone] = [await stage.connect(token), await stage.connect(token)]
    const [mine, others] = [await own(laptop, "ada@example.com"), await own(phone, "ada@example.com")]
    const told = new Inbox<unknown>()
    others.on("display_name_changed", told.put)
    const mineTold = new Inbox<unknown>()
    mine.on("display_name_changed", mineTold.put)
    await Promise.all([enter(laptop), enter(laptop, "garden"), enter(phone)])
    const bob = await stage.person("bob@example.com")
    const [lobby, garden] = [await enter(bob), await enter(bob, "garden")]
    const inboxes = [heard(lobby, "display_name_changed"), heard(garden, "display_name_changed")]

    expect(await mine.push("set_display_name", { display_name: "  Ada Lovelace " })).toEqual({
      display_name: "Ada Lovelace",
    })
    const changed = {
      user: userOf("ada@example.com", "Ada Lovelace"),
      display_name: "Ada Lovelace",
      timestamp: stamp(),
    }
    for (const inbox of inboxes) expect(await inbox.next()).toEqual(changed)
    expect(await told.next()).toEqual(changed)
    const metas = stage.chat.endpoint.presences("room:lobby")["user:ada@example.com"]?.metas
    expect(metas?.map(({ display_name }) => display_name)).toEqual(["Ada Lovelace", "Ada Lovelace"])
    const said = heard(lobby, "message")
    await laptop.channel("room:attic").join()
    await phone.channel("room:lobby").leave()
    const again = await enter(phone)
    await again.push("send", { content: "hello" })
    expect((await said.next()).user).toEqual(changed.user)
    expect([...inboxes.flatMap(({ left }) => left), ...mineTold.left, ...told.left]).toEqual([])
  })

  it("keeps the name, until it is taken away", async () => {
    stage = await ChatStage.open()
    const token = await stage.logIn("ada@example.com")
    const first = await stage.connect(token)
    const channel = await own(first, "ada@example.com")
    await channel.push("set_display_name", { display_name: "Ada" })
    const gone = new Inbox<unknown>()
    stage.chat.endpoint.on("socketClosed", gone.put)
    first.destroy()
    await gone.next()
    const later = (await stage.connect(token)).channel("user:ada@example.com")
    expect((await later.join()).user.display_name).toBe("Ada")
    expect(await later.push("set_display_name", { display_name: null })).toEqual({ display_name: null })
    const headers = { authorization: `Bearer ${token}` }
    expect((await stage.ask("GET", "/api/session", { headers })).json).toMatchObject({
      user: userOf("ada@example.com"),
    })
  })

  it.each(["", "   ", "a".repeat(51), "a\nb", "a\u202eb", "a\u2066b", "\u200d", "\u3164", 7, undefined])(
    "takes no such name as %j",
    async (display_name) => {
      stage = await ChatStage.open()
      const channel = await own(await stage.person("ada@example.com"), "ada@example.com")
      const refusal = { response: { code: 400, error: expect.any(String) } }
      await expect(channel.push("set_display_name", { display_name } as never)).rejects.toMatchObject(refusal)
    },
  )

  it("is renamed only so often", async () => {
    stage = await ChatStage.open({ now, limits: { messagesPerUser: { burst: 1, everyMs: 1000 } } })
    const channel = await own(await stage.person("ada@example.com"), "ada@example.com")
    await channel.push("set_display_name", { display_name: "Ada" })
    const again = channel.push("set_display_name", { display_name: "Eve" })
    await expect(again).rejects.toMatchObject({ response: { code: 429 } })
  })
})
