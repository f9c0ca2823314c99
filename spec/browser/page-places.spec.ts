import { expect, it } from "vitest"
import { describeLab, enter, hears, logged } from "./lab-stage.js"
import type { LabSettings } from "./lab.js"

const WAYS = ["websocket", "long-poll"] as const
const SERIALIZERS = ["json", "msgpack"] as const
const TABLE = WAYS.flatMap((way) => SERIALIZERS.map((serializer) => ({ way, serializer })))

/** The answer of a worker in which everything worked. */
const DONE = {
  echoes: 20,
  last: { i: 19, list: [{ a: 19 }, { a: 19 }] },
  log: expect.arrayContaining(["connected", "joined", "said: ada was here"]) as unknown,
}

await describeLab("the client", (stageOf) => {
  it.each(TABLE)("works in a Web Worker, over $way with $serializer", async (settings) => {
    const stage = stageOf()
    const watcher = await enter(stage, { user: "bob" })
    const answer = await watcher.evaluate(
      (settings: LabSettings) =>
        new Promise((resolve) => {
          const worker = new Worker("/lab-worker.js", { type: "module" })
          const { port1, port2 } = new MessageChannel()
          port1.addEventListener("message", ({ data }) => resolve(data))
          port1.start()
          worker.postMessage(settings, [port2])
        }),
      { url: stage.url, user: "ada", ...settings },
    )
    expect(answer).toMatchObject(DONE)
    await logged(watcher, "here: ada bob", "said: ada was here")
  })

  it.each(TABLE)("works in a service worker, over $way with $serializer", async (settings) => {
    const stage = stageOf()
    const watcher = await enter(stage, { user: "bob" })
    const answer = await watcher.evaluate(
      async (settings: LabSettings) => {
        const registration = await navigator.serviceWorker.register("/lab-worker.js", { type: "module" })
        await navigator.serviceWorker.ready
        const { port1, port2 } = new MessageChannel()
        const answered = new Promise((resolve) => {
          port1.addEventListener("message", ({ data }) => resolve(data))
        })
        port1.start()
        registration.active?.postMessage(settings, [port2])
        const answer = await answered
        await registration.unregister()
        return answer
      },
      { url: stage.url, user: "ada", ...settings },
    )
    expect(answer).toMatchObject(DONE)
    await logged(watcher, "said: ada was here")
  })

  it.each(TABLE)("needs no eval, over $way with $serializer", async (settings) => {
    const stage = stageOf()
    const tab = await enter(stage, settings)
    // For many maps of one shape, msgpackr generates code if that is allowed.
    const payload = { list: Array.from({ length: 100 }, (_, i) => ({ id: i, name: `${i}`, at: { x: i, y: i + 0.5 } })) }
    const echo = await tab.evaluate(async (payload: object) => {
      for (let i = 0; i < 20; i++) await lab.push("echo", payload)
      return lab.push("echo", payload)
    }, payload)
    expect(echo).toEqual(payload)
    expect(await tab.evaluate(() => lab.log.filter((entry) => entry.startsWith("forbidden")))).toEqual([])
    // Checks that the policy is in force.
    const refused = await tab.evaluate(() => {
      setTimeout("globalThis.evaluated = true")
      return lab.logged("forbidden: script-src").then(() => "evaluated" in globalThis)
    })
    expect(refused).toBe(false)
  })

  it("has a connection of its own in each of two tabs, and each knows of the other", async () => {
    const stage = stageOf()
    const ada = await enter(stage, { user: "ada" })
    const bob = await enter(stage, { user: "bob", way: "long-poll", serializer: "msgpack" })
    await logged(ada, "here: ada bob")
    await logged(bob, "here: ada bob")
    await ada.evaluate(() => lab.push("say", { text: "from ada" }))
    await logged(bob, "said: from ada")
    await bob.evaluate(() => lab.push("say", { text: "from bob" }))
    await logged(ada, "said: from bob")
    stage.endpoint.disconnect("user:bob")
    await logged(bob, "reconnecting", "joined")
    await hears(stage, bob, "to both")
    expect(await ada.evaluate(() => lab.log.includes("reconnecting"))).toBe(false)
    expect(stage.endpoint.counters().rookery_channels).toBe(2)
    await ada.go("about:blank")
    await logged(bob, "here: bob")
  })
})
