import { expect, it } from "vitest"
import { ABILITIES, describeLab, enter, hears, itWhere, logged, say } from "./lab-stage.js"
import type { LabStage } from "./lab-stage.js"
import type { Tab } from "./tab.js"

const WAYS = ["websocket", "long-poll"] as const
const ROOMS = ["a room that recovers", "a plain room"] as const
const FREEZES = WAYS.flatMap((way) => ROOMS.map((room) => [way, room] as const))

const itHides = itWhere(ABILITIES.hides !== false)
const itFreezes = itWhere(ABILITIES.hides !== false && ABILITIES.freezes)
const itCaches = itWhere(ABILITIES.caches)

await describeLab("the client on a page", (stageOf) => {
  itHides.each(WAYS)("a hidden page hears over %s what is said", async (way) => {
    const stage = stageOf()
    const tab = await enter(stage, { way })
    await tab.hide()
    await logged(tab, "hidden")
    await hears(stage, tab, "to nobody")
    await tab.show()
    await logged(tab, "visible")
    expect(await tab.evaluate(() => lab.log.filter((entry) => entry === "connecting").length)).toBe(1)
  })

  itHides.each(WAYS)("a hidden page that lost its %s connects again when it is shown, and not before", async (way) => {
    const stage = stageOf()
    const tab = await enter(stage, { way })
    await tab.hide()
    await logged(tab, "hidden")
    stage.network.cut()
    await logged(tab, "reconnecting")
    stage.network.mend()
    // Timers fire in the order of their due times, so the timer of the next attempt has fired by then.
    await tab.evaluate(() => new Promise((resolve) => setTimeout(resolve, 100)))
    expect(await tab.evaluate(() => lab.status)).toBe("reconnecting")
    await tab.show()
    await logged(tab, "visible", "connected", "joined")
    await hears(stage, tab, "welcome back")
  })

  itCaches.each(WAYS)(
    "a page over %s goes into the back/forward cache, and is connected when it comes out of it",
    async (way) => {
      const stage = stageOf()
      const tab = await enter(stage, { way })
      await tab.go(`http://127.0.0.1:${stage.network.port}/other`)
      await tab.back()
      await logged(tab, "out of the cache", "connected", "joined")
      await hears(stage, tab, "welcome back")
      // The server does not notice the end of a poll.
      if (way === "websocket") expect(stage.endpoint.counters().rookery_channels).toBe(1)
    },
  )

  it.each(WAYS)("a page that lost its %s connects at once when the network is back", async (way) => {
    const stage = stageOf()
    const tab = await enter(stage, { way, firstRetryMs: 3_600_000 })
    stage.network.cut()
    await logged(tab, "reconnecting")
    await tab.network(true)
    await logged(tab, "offline")
    stage.network.mend()
    await tab.network(false)
    await logged(tab, "online", "connected", "joined")
    await hears(stage, tab, "welcome back")
  })

  it.each(WAYS)("a page that lost its %s without a network connects again with the network", async (way) => {
    const stage = stageOf()
    const tab = await enter(stage, { way })
    await tab.network(true)
    await logged(tab, "offline")
    stage.network.cut()
    stage.network.mend()
    await tab.network(false)
    await logged(tab, "online")
    // A browser may repeat the poll by itself, and so lose nothing.
    const payload = { sent: "again if need be" }
    expect(await tab.evaluate((payload: object) => lab.push("echo", payload, { retry: true }), payload)).toEqual(
      payload,
    )
    await hears(stage, tab, "welcome back")
  })

  it("a page sends a heartbeat when the network is back", async () => {
    const stage = stageOf()
    const tab = await enter(stage)
    const beat = tab.once("Network.webSocketFrameSent", (sent) => JSON.stringify(sent).includes("heartbeat"))
    await tab.network(true)
    await logged(tab, "offline")
    await tab.network(false)
    await beat
    await hears(stage, tab, "still here")
  })

  /** The texts that the page received, in order, with repeats. */
  const heard = (tab: Tab): Promise<string[]> =>
    tab.evaluate(() => lab.log.filter((entry) => entry.startsWith("said: ")).map((entry) => entry.slice(6)))

  /** Joins a room, receives "one", and hides and freezes the page, while "two" and "three" are broadcast. */
  async function freeze(stage: LabStage, way: (typeof WAYS)[number], recovers: boolean): Promise<Tab> {
    const tab = await enter(stage, { way, recovers })
    await hears(stage, tab, "one")
    await tab.hide()
    await logged(tab, "hidden")
    await tab.freeze(true)
    for (const text of ["two", "three"]) say(stage, text)
    return tab
  }

  /** Checks the texts after a freeze: all of them in a room that recovers, and none twice in any room. */
  async function expectHeard(stage: LabStage, tab: Tab, recovers: boolean): Promise<void> {
    // The browser decides whether it ends the connection of a frozen page, and when it reports that. After the answer
    // to this push there is a connection that works.
    await tab.evaluate(() => lab.push("echo", {}, { retry: true }))
    await hears(stage, tab, "four")
    const texts = await heard(tab)
    const all = ["one", "two", "three", "four"]
    // A browser may keep the connection over a short freeze; then a plain room receives all texts too.
    expect(texts).toEqual(recovers ? all : all.filter((text) => texts.includes(text)))
  }

  /** Existing connections carry nothing any more, like those that a router has forgotten; new ones work. */
  function mute(stage: LabStage): void {
    stage.network.stall()
    stage.network.forget()
  }

  itFreezes("a page whose connection went mute while it was frozen replaces it once it is thawed", async () => {
    const stage = stageOf()
    const tab = await enter(stage, { recovers: true })
    await hears(stage, tab, "one")
    await tab.hide()
    await logged(tab, "hidden")
    await tab.freeze(true)
    mute(stage)
    say(stage, "two")
    await Promise.all([tab.show(), tab.freeze(false)])
    await logged(tab, "reconnecting", "connected", "joined")
    await hears(stage, tab, "three")
    expect(await heard(tab)).toEqual(["one", "two", "three"])
  })

  itHides("a page whose connection went mute while it was hidden replaces it once it is shown", async () => {
    const stage = stageOf()
    const tab = await enter(stage, { recovers: true })
    await tab.hide()
    await logged(tab, "hidden")
    mute(stage)
    say(stage, "one")
    await tab.show()
    await logged(tab, "visible", "reconnecting", "connected", "joined")
    await hears(stage, tab, "two")
    expect(await heard(tab)).toEqual(["one", "two"])
  })

  itFreezes.each(FREEZES)("a page over %s that is resumed hidden and shown later is back in %s", async (way, room) => {
    const stage = stageOf()
    const recovers = room === "a room that recovers"
    const tab = await freeze(stage, way, recovers)
    await tab.freeze(false)
    await logged(tab, "frozen", "resumed")
    await tab.show()
    await logged(tab, "visible")
    await expectHeard(stage, tab, recovers)
  })

  itFreezes.each(FREEZES)("a page over %s that is shown and resumed at once is back in %s", async (way, room) => {
    const stage = stageOf()
    const recovers = room === "a room that recovers"
    const tab = await freeze(stage, way, recovers)
    await Promise.all([tab.show(), tab.freeze(false)])
    await logged(tab, "frozen", "resumed")
    await expectHeard(stage, tab, recovers)
  })

  itFreezes.each(FREEZES)(
    "a page over %s that was frozen until the server gave it up joins %s again",
    async (way, room) => {
      const stage = stageOf()
      const recovers = room === "a room that recovers"
      const tab = await freeze(stage, way, recovers)
      const ended = new Promise((resolve) => stage.endpoint.on("channelEnded", resolve))
      stage.endpoint.disconnect("user:ada")
      stage.network.cut()
      await ended
      stage.network.mend()
      await tab.freeze(false)
      await tab.show()
      await logged(tab, "frozen", "resumed", "connected", "joined")
      await expectHeard(stage, tab, recovers)
    },
  )
})
