import type { Channel, Socket } from "rookery"
import { memoryStore, type ChatStore, type ChatTopics, type DirectoryRoom } from "rookery/chat/server"
import { afterEach, describe, expect, it } from "vitest"
import { ChatStage } from "./stage.js"

let stage: ChatStage
let time = Date.parse("2030-01-01T00:00:00Z")
const now = (): number => time
afterEach(() => stage[Symbol.asyncDispose]())

async function enter(socket: Socket<ChatTopics>, name: string): Promise<Channel<ChatTopics["room:*"]>> {
  const room = socket.channel(`room:${name}`)
  await room.join()
  return room
}

async function own(socket: Socket<ChatTopics>, email: string): Promise<Channel<ChatTopics["user:*"]>> {
  const channel = socket.channel(`user:${email}`)
  await channel.join()
  return channel
}

const listed = async (channel: Channel<ChatTopics["user:*"]>): Promise<DirectoryRoom[]> =>
  (await channel.push("rooms", {})).rooms

describe("the directory of rooms", () => {
  it("has the lobby, and the rooms with messages, with the names of those who are there and no addresses", async () => {
    stage = await ChatStage.open({ now })
    const [adas, bobs] = [await stage.person("ada@example.com"), await stage.person("bob@example.com")]
    const ada = await own(adas, "ada@example.com")
    await ada.push("set_display_name", { display_name: "Countess" })
    for (const name of ["den", "attic"]) {
      await (await enter(bobs, name)).push("send", { content: "hello" })
      time += 1
    }
    await enter(adas, "attic")
    await enter(adas, "silent")
    expect(await listed(ada)).toEqual([
      { name: "lobby", count: 0, people: [] },
      { name: "attic", count: 2, people: expect.arrayContaining(["bob", "Countess"]) },
      { name: "den", count: 1, people: ["bob"] },
    ])
    expect(JSON.stringify(await listed(ada))).not.toContain("@")
  })

  it("is looked up once in two seconds, however many ask, and again after a failure", async () => {
    const store = memoryStore()
    let looks = 0
    const failing: ChatStore = {
      ...store,
      rooms: (limit) =>
        ++looks === 2 ? Promise.reject(new Error("gone")) : (store.rooms?.(limit) ?? Promise.resolve([])),
    }
    stage = await ChatStage.open({ now, store: failing })
    const ada = await own(await stage.person("ada@example.com"), "ada@example.com")
    const bob = await own(await stage.person("bob@example.com"), "bob@example.com")
    await Promise.all([listed(ada), listed(bob), listed(ada)])
    expect(looks).toBe(1)
    time += 2000
    await expect(listed(ada)).rejects.toMatchObject({ response: { code: 500 } })
    expect(await listed(bob)).toEqual([{ name: "lobby", count: 0, people: [] }])
    expect(looks).toBe(3)
  })

  it("is bounded, in rooms and in names", async () => {
    const store = memoryStore()
    const many = Array.from({ length: 60 }, (_, n) => `room-${n}`)
    stage = await ChatStage.open({ now, store: { ...store, rooms: async (limit) => many.slice(0, limit) } })
    const sockets = []
    for (let n = 0; n < 7; n++) sockets.push(await stage.person(`p${n}@example.com`))
    await Promise.all(sockets.map((socket) => enter(socket, "room-0")))
    const [first] = sockets
    const rooms = await listed(await own(first as Socket<ChatTopics>, "p0@example.com"))
    expect(rooms).toHaveLength(50)
    expect(rooms[1]).toMatchObject({ name: "room-0", count: 7 })
    expect(rooms[1]?.people).toHaveLength(5)
  })

  it("is not asked for without end", async () => {
    stage = await ChatStage.open({ now, limits: { asksPerUser: { burst: 2, everyMs: 1000 } } })
    const ada = await own(await stage.person("ada@example.com"), "ada@example.com")
    await listed(ada)
    await listed(ada)
    await expect(listed(ada)).rejects.toMatchObject({ response: { code: 429 } })
  })

  it("is refused where it is turned off, and where the store has none", async () => {
    stage = await ChatStage.open({ directory: false })
    const refusal = { response: { code: 404, error: "this chat has no directory of rooms" } }
    await expect(listed(await own(await stage.person("ada@example.com"), "ada@example.com"))).rejects.toMatchObject(
      refusal,
    )
    await stage[Symbol.asyncDispose]()
    const store = memoryStore()
    delete store.rooms
    stage = await ChatStage.open({ store })
    await expect(listed(await own(await stage.person("ada@example.com"), "ada@example.com"))).rejects.toMatchObject(
      refusal,
    )
  })
})
