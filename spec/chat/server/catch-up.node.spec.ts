import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Channel, Socket } from "rookery"
import { lmdbStore, memoryStore, type ChatMessage, type ChatStore, type ChatTopics } from "rookery/chat/server"
import { afterEach, describe, expect, it, onTestFinished } from "vitest"
import { ChatStage } from "./stage.js"

type Room = Channel<ChatTopics["room:*"]>

const PLENTY = { burst: 1e6, everyMs: 1 }
const PATIENT = { messagesPerUser: PLENTY, asksPerUser: PLENTY, loginsPerAddress: PLENTY }

let stage: ChatStage
afterEach(() => stage[Symbol.asyncDispose]())

/** Holds a call until the test opens the gate. */
class Gate {
  open!: () => void
  arrived!: () => void
  readonly opened: Promise<void> = new Promise((resolve) => (this.open = resolve))
  readonly reached: Promise<void> = new Promise((resolve) => (this.arrived = resolve))

  async pass(): Promise<void> {
    this.arrived()
    await this.opened
  }
}

/** Joins, and keeps the content of every message in the answer and after it. */
function joining(socket: Socket<ChatTopics>): { room: Room; shown: Promise<string[]>; heard: string[] } {
  const room = socket.channel("room:lobby")
  const heard: string[] = []
  room.on("message", ({ content }) => heard.push(content))
  const shown = room.join().then(({ messages }: { messages: ChatMessage[] }) => messages.map(({ content }) => content))
  return { room, shown: Promise.resolve(shown), heard }
}

/** Waits until all earlier messages to a room have arrived. */
const settle = (room: Room): Promise<unknown> => Promise.resolve(room.push("users", {}))

describe("who joins while something is said", () => {
  it("gets what is said after the look into the store, once", async () => {
    const store = memoryStore()
    const gate = new Gate()
    let looks = 0
    const slow: ChatStore = {
      ...store,
      async messages(room, range) {
        const found = await store.messages(room, range)
        if (++looks === 2) await gate.pass()
        return found
      },
    }
    stage = await ChatStage.open({ store: slow, limits: PATIENT })
    const ada = joining(await stage.person("ada@example.com"))
    await ada.shown
    const bob = joining(await stage.person("bob@example.com"))
    await gate.reached
    await ada.room.push("send", { content: "missed?" })
    gate.open()
    expect(await bob.shown).toEqual(["missed?"])
    await settle(bob.room)
    expect(bob.heard).toEqual([])
    expect(ada.heard).toEqual(["missed?"])
  })

  it("gets what was in the store before anybody heard it, once", async () => {
    const store = memoryStore()
    const gate = new Gate()
    const looks: Gate[] = []
    const slow: ChatStore = {
      ...store,
      messages: (...what) => store.messages(...what).finally(() => looks.shift()?.arrived()),
      async append(...what) {
        const said = await store.append(...what)
        await gate.pass()
        return said
      },
    }
    stage = await ChatStage.open({ store: slow, limits: PATIENT })
    const ada = joining(await stage.person("ada@example.com"))
    await ada.shown
    const sent = Promise.resolve(ada.room.push("send", { content: "twice?" }))
    await gate.reached
    const look = new Gate()
    looks.push(look)
    const bob = joining(await stage.person("bob@example.com"))
    await look.reached
    gate.open()
    await sent
    expect(await bob.shown).toEqual(["twice?"])
    await settle(bob.room)
    expect(bob.heard).toEqual([])
  })

  it("gets each of many messages once, and in one order, whenever they come", async () => {
    const folder = mkdtempSync(join(tmpdir(), "rookery-catch-up-"))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    stage = await ChatStage.open({ store: await lmdbStore(folder), history: 1000, limits: PATIENT })
    const people: Socket<ChatTopics>[] = []
    for (let number = 0; number < 23; number++) people.push(await stage.person(`${number}@example.com`))
    const rooms = people.splice(0, 3).map(joining)
    await Promise.all(rooms.map(({ shown }) => shown))
    const said: Promise<unknown>[] = []
    const joiners = people.map((socket, round) => {
      for (const [index, { room }] of rooms.entries()) {
        said.push(Promise.resolve(room.push("send", { content: `${round}.${index}` })))
      }
      return joining(socket)
    })
    await Promise.all(said)
    const [first] = rooms
    await settle(first?.room as Room)
    const order = first?.heard ?? []
    expect(order).toHaveLength(60)
    for (const { room, shown, heard } of joiners) {
      const before = await shown
      await settle(room)
      expect([...before, ...heard]).toEqual(order)
    }
  })

  it("leaves nothing behind if it goes away before the answer", async () => {
    const store = memoryStore()
    const gate = new Gate()
    stage = await ChatStage.open({
      store: { ...store, messages: (...what) => gate.pass().then(() => store.messages(...what)) },
    })
    const { endpoint } = stage.chat
    const before = endpoint.counters().rookery_topics
    const closed = new Promise<void>((resolve) => void endpoint.on("socketClosed", () => resolve()))
    const socket = await stage.person("ada@example.com")
    joining(socket).shown.catch(() => {})
    await gate.reached
    // Two topics: the room's, and the one for the person's new names.
    expect(endpoint.counters().rookery_topics).toBe(before + 2)
    socket.destroy()
    await closed
    expect(endpoint.counters().rookery_topics).toBe(before)
    gate.open()
  })
})
