import { expect, it } from "vitest"
import { describeLab, enter, hears, logged } from "./lab-stage.js"

const WAYS = ["websocket", "long-poll"] as const

await describeLab("the client on a page", (stageOf) => {
  it.each(WAYS)("hears over %s what is said while nobody looks", async (way) => {
    const stage = stageOf()
    const tab = await enter(stage, { way })
    await stage.open("/other")
    await logged(tab, "hidden")
    await hears(stage, tab, "to nobody")
    await tab.show()
    await logged(tab, "visible")
    expect(await tab.evaluate(() => lab.log.filter((entry) => entry === "connecting").length)).toBe(1)
  })

  it.each(WAYS)("that lost its %s while nobody looks comes back when somebody does, and not before", async (way) => {
    const stage = stageOf()
    const tab = await enter(stage, { way })
    await stage.open("/other")
    await logged(tab, "hidden")
    stage.network.cut()
    await logged(tab, "reconnecting")
    stage.network.mend()
    // Timers run in the order in which they are due: the one for the next attempt has run by then.
    await tab.evaluate(() => new Promise((resolve) => setTimeout(resolve, 100)))
    expect(await tab.evaluate(() => lab.status)).toBe("reconnecting")
    await tab.show()
    await logged(tab, "visible", "connected", "joined")
    await hears(stage, tab, "welcome back")
  })

  it.each(WAYS)("with %s goes into the back/forward cache, and comes out of it connected", async (way) => {
    const stage = stageOf()
    const tab = await enter(stage, { way })
    await tab.go(`http://127.0.0.1:${stage.network.port}/other`)
    await tab.back()
    await logged(tab, "out of the cache", "connected", "joined")
    await hears(stage, tab, "welcome back")
    // Of a poll that ended the server hears nothing.
    if (way === "websocket") expect(stage.endpoint.counters().rookery_channels).toBe(1)
  })

  it.each(WAYS)("that lost its %s tries at once when the network is back", async (way) => {
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

  it.each(WAYS)("that lost its %s without a network comes back with it", async (way) => {
    const stage = stageOf()
    const tab = await enter(stage, { way })
    await tab.network(true)
    await logged(tab, "offline")
    stage.network.cut()
    stage.network.mend()
    await tab.network(false)
    await logged(tab, "online")
    // A browser may poll again by itself, and so lose nothing.
    const payload = { sent: "again if need be" }
    expect(await tab.evaluate((payload: object) => lab.push("echo", payload, { retry: true }), payload)).toEqual(
      payload,
    )
    await hears(stage, tab, "welcome back")
  })

  it("asks whether its line still holds when the network is back", async () => {
    const stage = stageOf()
    const tab = await enter(stage)
    const beat = tab.once("Network.webSocketFrameSent", (sent) => JSON.stringify(sent).includes("heartbeat"))
    await tab.network(true)
    await logged(tab, "offline")
    await tab.network(false)
    await beat
    await hears(stage, tab, "still here")
  })

  it.each(WAYS)("that was frozen hears over %s what was said meanwhile", async (way) => {
    const stage = stageOf()
    const tab = await enter(stage, { way })
    await stage.open("/other")
    await logged(tab, "hidden")
    await tab.freeze(true)
    stage.endpoint.broadcast("room:1", "said", { text: "to the ice" })
    await tab.freeze(false)
    await logged(tab, "frozen", "resumed", "said: to the ice")
    await tab.show()
    await logged(tab, "visible")
    await hears(stage, tab, "out of the ice")
    expect(await tab.evaluate(() => lab.log.includes("reconnecting"))).toBe(false)
  })

  it.each(WAYS)("that was frozen for so long that the server let go of its %s comes back", async (way) => {
    const stage = stageOf()
    const tab = await enter(stage, { way })
    await stage.open("/other")
    await logged(tab, "hidden")
    await tab.freeze(true)
    const ended = new Promise((resolve) => stage.endpoint.on("channelEnded", resolve))
    stage.endpoint.disconnect("user:ada")
    stage.network.cut()
    await ended
    stage.network.mend()
    await tab.freeze(false)
    await tab.show()
    await logged(tab, "frozen", "resumed", "connected", "joined")
    await hears(stage, tab, "out of the ice")
  })
})
