import type { Channel, Socket } from "rookery"
import { ChatClient } from "rookery/chat"
import type { ChatTopics } from "rookery/chat/server"
import { afterEach, describe, expect, it } from "vitest"
import { ChatStage, Inbox } from "./stage.js"

type Room = Channel<ChatTopics["room:*"]>

let stage: ChatStage
let time = Date.parse("2030-01-01T00:00:00Z")
const now = (): number => time
afterEach(() => stage[Symbol.asyncDispose]())

async function enter(socket: Socket<ChatTopics>, name = "lobby"): Promise<Room> {
  const room = socket.channel(`room:${name}`)
  await room.join()
  return room
}

/** The people that a room hears typing. */
function typing(room: Room): Inbox<string> {
  const inbox = new Inbox<string>()
  room.on("typing", ({ user }) => inbox.put(user.display_name ?? user.email))
  return inbox
}

/** Waits until everything that was sent to a room before has arrived. */
const settle = (room: Room): PromiseLike<unknown> => room.push("users", {})

describe("a sign of typing", () => {
  it("goes to the others in its room, with the name of now, and is kept nowhere", async () => {
    stage = await ChatStage.open({ now })
    const socket = await stage.person("ada@example.com")
    const own = socket.channel("user:ada@example.com")
    await own.join()
    await own.push("set_display_name", { display_name: "Ada" })
    const bobs = await stage.person("bob@example.com")
    const [ada, bob, garden] = [await enter(socket), await enter(bobs), await enter(bobs, "garden")]
    const [byAda, byBob, inGarden] = [typing(ada), typing(bob), typing(garden)]
    expect(await ada.push("typing", {})).toEqual({})
    expect(await byBob.next()).toBe("Ada")
    await Promise.all([settle(ada), settle(bob), settle(garden)])
    expect([byAda.left, byBob.left, inGarden.left]).toEqual([[], [], []])
    expect((await bob.push("history", {})).messages).toEqual([])
    const cay = (await stage.person("cay@example.com")).channel("room:lobby")
    const byCay = typing(cay)
    expect((await cay.join()).messages).toEqual([])
    await settle(cay)
    expect(byCay.left).toEqual([])
  })

  it("is limited for each person over all rooms and sockets, and costs no messages", async () => {
    stage = await ChatStage.open({ now, limits: { typingPerUser: { burst: 2, everyMs: 1000 } } })
    const token = await stage.logIn("ada@example.com")
    const [one, two] = [await enter(await stage.connect(token)), await enter(await stage.connect(token), "garden")]
    const bob = await enter(await stage.person("bob@example.com"))
    const byBob = typing(bob)
    await one.push("typing", {})
    await two.push("typing", {})
    for (const room of [one, two]) {
      await expect(room.push("typing", {})).rejects.toMatchObject({ response: { code: 429 } })
    }
    await one.push("send", { content: "hello" })
    await settle(bob)
    expect(byBob.left).toEqual(["ada@example.com"])
    time += 1000
    await one.push("typing", {})
    expect([await byBob.next(), await byBob.next()]).toEqual(["ada@example.com", "ada@example.com"])
  })

  it("is 35 at most in half a minute of one person by default, however many are sent", async () => {
    stage = await ChatStage.open({ now })
    const room = await enter(await stage.person("ada@example.com"))
    const bob = await enter(await stage.person("bob@example.com"))
    const byBob = typing(bob)
    for (let second = 0; second < 30; second++, time += 1000) {
      await Promise.allSettled(Array.from({ length: 10 }, () => room.push("typing", {})))
    }
    await settle(bob)
    expect(byBob.left.length).toBeLessThanOrEqual(35)
    expect(byBob.left.length).toBeGreaterThan(29)
  })

  it.each([[null], [[]], ["text"], [{ user: { id: "user:eve@example.com" } }]])(
    "names its sender and nobody else, whatever is in it: %j",
    async (payload) => {
      stage = await ChatStage.open({ now })
      const ada = await enter(await stage.person("ada@example.com"))
      const byBob = typing(await enter(await stage.person("bob@example.com")))
      await ada.push("typing", payload as never)
      expect(await byBob.next()).toBe("ada@example.com")
    },
  )

  it("does not disturb a client that does not know of it", async () => {
    stage = await ChatStage.open({ now })
    await using client = new ChatClient(stage.origin, {
      sessionToken: await stage.logIn("bob@example.com"),
      reconnect: false,
    })
    const events: string[] = []
    for (const event of ["error", "disconnect", "message", "user_left"] as const) {
      client.on(event, () => events.push(event))
    }
    await client.connect()
    const ada = await enter(await stage.person("ada@example.com"))
    await ada.push("typing", {})
    const heard = new Promise((resolve) => client.on("message", resolve))
    await ada.push("send", { content: "done" })
    expect(await heard).toMatchObject({ content: "done" })
    expect(events).toEqual(["message"])
  })
})
