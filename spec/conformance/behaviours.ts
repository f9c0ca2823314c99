import { Presence } from "rookery"
import { bytesOf, equal, failure, next } from "./expectations.js"
import type { Stage } from "./stage.js"

/** Checks one behaviour; throws if it does not hold. Its name is its title in the table. */
export type Behaviour = (stage: Stage) => Promise<void>

const EVERY_BYTE = Uint8Array.from({ length: 256 }, (_, i) => i)

/** Waits until a presence holds exactly these people. */
function present(presence: Presence, ...expected: string[]): Promise<void> {
  const names = (): string => presence.list((key, { metas }) => `${key}:${metas[0].name}`).join()
  return new Promise((resolve) => {
    const look = (): void => {
      if (names() === expected.join()) resolve()
    }
    presence.onSync(look)
    look()
  })
}

/** The behaviours of the client, through the package's entry points alone. */
export const BEHAVIOURS: Record<string, Behaviour> = {
  async join({ enter, topic }) {
    const socket = enter("ada")
    const params = { name: "Ada \u{1f600}", list: [1, 2.5, null], deep: { a: { b: true } } }
    const room = socket.channel(topic, params)
    equal(await room.join(), { params, joins: 1 }, "the answer to a join")
    equal(room.state, "joined", "the state of a joined channel")
    const refused = await failure(socket.channel("room:denied").join())
    equal([refused.code, refused.response], ["refused", { reason: "unauthorized" }], "a refused join")
  },

  async push({ enter, topic }) {
    const [ada, bob] = await Promise.all([enter("ada").join(topic), enter("bob").join(topic)])
    const told = next(bob, "told")
    ada.push("tell_others", { n: 1, text: "ü" })
    equal(await told, { n: 1, text: "ü" }, "a push that nobody answers")
    const burst: number[] = []
    ada.on("burst", ({ i }) => burst.push(i))
    equal(await ada.push("burst", { n: 200 }), { sent: 200 }, "the reply behind what was pushed")
    equal(
      burst,
      Array.from({ length: 200 }, (_, i) => i),
      "the order of what the server pushes",
    )
  },

  async reply({ enter, topic }) {
    const room = await enter("ada").join(topic)
    const payload = { text: "hé\u{1f600}\u0000", list: [1, -2, 0.5, true, null], long: "x".repeat(200_000) }
    equal(await room.push("echo", payload), payload, "an ok reply")
    const refused = await failure(room.push("fail"))
    equal([refused.code, refused.response], ["refused", { reason: "nope" }], "an error reply")
    equal((await failure(room.push("silence", {}, 50))).code, "timeout", "no reply")
    equal((await failure(room.push("crash"))).code, "channel_crashed", "a crash")
    equal(await room.push("echo", { back: 1 }), { back: 1 }, "a reply after the rejoin")
  },

  async broadcast({ enter, topic }) {
    const [ada, bob] = await Promise.all([enter("ada").join(topic), enter("bob").join(topic)])
    const heard: unknown[] = []
    ada.on("shout", (payload) => heard.push(payload))
    await ada.push("shout", { from: "ada" })
    await ada.push("shout_from", { to: "others" })
    const last = next(ada, "shout_last")
    await bob.push("shout", { from: "bob" })
    await bob.push("shout_last", {})
    await last
    equal(heard, [{ from: "ada" }, { from: "bob" }], "what a room hears")
  },

  async presence({ enter, topic }) {
    const ada = enter("ada").channel(topic, { name: "Ada" })
    const bob = enter("bob").channel(topic, { name: "Bob" })
    const presence = new Presence(ada)
    await ada.join()
    await present(presence, "ada:Ada")
    await bob.join()
    await present(presence, "ada:Ada", "bob:Bob")
    await bob.push("rename", { name: "Robert" })
    await present(presence, "ada:Ada", "bob:Robert")
    await bob.leave()
    await present(presence, "ada:Ada")
  },

  async binary({ enter, topic, way, serializer }) {
    const [ada, bob] = await Promise.all([enter("ada").join(topic), enter("bob").join(topic)])
    const large = new Uint8Array(100_000).fill(7)
    for (const sent of [EVERY_BYTE, new Uint8Array(0), large, EVERY_BYTE.subarray(3, 9)]) {
      equal(bytesOf(await ada.push("echo", sent)), [...sent], "bytes in a reply")
    }
    const both = Promise.all([next(ada, "shout"), next(bob, "shout")])
    ada.push("shout", EVERY_BYTE)
    for (const payload of await both) equal(bytesOf(payload), [...EVERY_BYTE], "bytes in a broadcast")
    // Over long-poll a socket speaks JSON, whatever its serializer.
    if (serializer !== "MessagePack" || way !== "websocket") return
    const { deep } = (await ada.push("echo", { deep: [EVERY_BYTE] })) as { deep: unknown[] }
    equal(bytesOf(deep[0]), [...EVERY_BYTE], "bytes within a payload")
  },

  async leave({ enter, topic }) {
    const [ada, bob] = await Promise.all([enter("ada").join(topic), enter("bob").join(topic)])
    const heard: unknown[] = []
    ada.on("shout", (payload) => heard.push(payload))
    const told = next(bob, "left")
    await ada.leave()
    equal(ada.state, "closed", "the state of a channel that was left")
    equal(await told, { user: "ada", reason: "left" }, "what the others are told")
    await bob.push("shout", { n: 1 })
    await ada.join()
    const second = next(ada, "shout")
    await bob.push("shout", { n: 2 })
    await second
    equal(heard, [{ n: 2 }], "what is heard before and after")
  },

  async reconnect({ enter, topic, line }) {
    const socket = enter("ada")
    const [room, other] = await Promise.all([socket.join(topic), socket.join(`${topic}:other`)])
    const lost = new Promise<void>((resolve) => {
      socket.onStatus((status) => status === "reconnecting" && resolve())
    })
    const pending = failure(room.push("silence"))
    await line.cut()
    await lost
    equal((await pending).code, "disconnected", "what was pending")
    const waiting = Promise.all([room, other].map((each) => each.push("echo", { of: each.topic })))
    await line.mend()
    equal(await waiting, [{ of: room.topic }, { of: other.topic }], "what waited for the line")
    equal([socket.status, room.state, other.state], ["connected", "joined", "joined"], "the state afterwards")
    equal(await room.push("joins"), { joins: 2 }, "how often it was joined")
  },

  async recover({ enter, topic, line, broadcast }) {
    const kept = `kept:${topic}`
    const room = enter("ada").channel(kept, {}, { recover: true })
    const heard: unknown[] = []
    room.on("said", ({ n }) => heard.push(n))
    const recovered = new Promise<void>((resolve) => {
      room.onRecovered((recovery) => {
        heard.push(recovery)
        resolve()
      })
    })
    await room.join()
    const first = next(room, "said")
    await broadcast(kept, "said", { n: 1 })
    await first
    await line.cut()
    await broadcast(kept, "said", { n: 2 })
    await broadcast(kept, "said", { n: 3 })
    await line.mend()
    await recovered
    const last = next(room, "last")
    await broadcast(kept, "said", { n: 4 })
    await broadcast(kept, "last", {})
    await last
    equal(heard, [1, { recovered: true }, 2, 3, 4], "what is heard before and after")
  },

  async subscribe({ enter, topic }) {
    const socket = enter("ada")
    const watcher = await enter("bob").join(topic)
    const heard: string[] = []
    const [first, second] = ["first", "second"].map((name) =>
      socket.subscribe(topic, { shout: () => void heard.push(name) }),
    ) as [ReturnType<typeof socket.subscribe>, ReturnType<typeof socket.subscribe>]
    await Promise.all([first.joined, second.joined])
    equal(await first.channel.push("joins"), { joins: 1 }, "how often it was joined")
    await first.channel.push("shout", {})
    first.unsubscribe()
    await second.channel.push("shout", {})
    equal(heard, ["first", "second", "second"], "who hears what")
    const told = next(watcher, "left")
    second.unsubscribe()
    equal(await told, { user: "ada", reason: "left" }, "that the last one leaves")
  },
}
