import { once } from "node:events"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import type { BrowserContextOptions, Locator, Page } from "playwright-core"
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest"
import { Socket, type Channel } from "rookery"
import type * as Inspect from "rookery/inspect"
import { Endpoint } from "rookery/server"
import { ROOT } from "../packaging/build.js"
import { launchChromium, openPage } from "../support/chromium.js"
import { socketOf } from "../inspect/stage.js"
import { gatewayLine } from "../support/gateway-line.js"
import { inProcess } from "../support/in-process-transport.js"
import { faultsOf } from "./accessibility.js"
import { complaintsOf } from "./complaints.js"
import { pictures } from "./pictures.js"

const browser = await launchChromium()
const picture = pictures()

/** Text that would run if a page took it for markup. */
const MARKUP = "<img src=x onerror=document.title=`taken`>"

describe.skipIf(!browser)("the inspector's page", () => {
  let endpoint: Endpoint
  let inspected: Inspect.Inspector
  let server: Server
  let url: string
  const complaints: string[] = []
  const ends: (() => unknown)[] = []
  beforeEach(async () => {
    endpoint = new Endpoint({
      logger: false,
      connect: ({ params: { id } }) => ({ id: typeof id === "string" ? id : null }),
    })
    endpoint.channel("room:*", {
      join: ({ params }, room) => {
        const { id } = params as { id: string }
        queueMicrotask(() => room.track(id, { mood: MARKUP }))
      },
      receive: { shout: (payload, room) => room.broadcast("shout", payload) },
    })
    const { inspector } = (await import(pathToFileURL(join(ROOT, "dist/inspect.js")).href)) as typeof Inspect
    inspected = inspector(endpoint, { allow: ({ headers }) => headers.get("cookie") === "who=operator" })
    server = createServer(inspected.listener).listen(0, "127.0.0.1")
    await once(server, "listening")
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/inspect`
  })
  afterEach(async () => {
    for (const end of ends.splice(0)) await end()
    inspected.stop()
    const closed = once(server, "close")
    server.close()
    server.closeAllConnections()
    await closed
    expect(complaints.splice(0)).toEqual([])
  })
  afterAll(() => browser?.close())

  /** Connects a client, which joins topics. */
  async function visit(id: string, ...topics: string[]): Promise<Channel[]> {
    const socket = new Socket("ws://node.test/socket", { transport: inProcess(endpoint), params: { id } })
    ends.push(() => socket.destroy())
    socket.connect()
    await socket.opened()
    const channels = topics.map((topic) => socket.channel(topic, { id }))
    await Promise.all(channels.map((channel) => channel.join()))
    return channels
  }

  /** Opens the page, and waits until its stream is open. */
  async function open(options: BrowserContextOptions = {}): Promise<Page> {
    if (!browser) throw new Error("there is no browser")
    const page = await openPage(browser, options)
    ends.push(() => page.context().close())
    complaintsOf(page, { list: complaints })
    await page.context().addCookies([{ name: "who", value: "operator", url }])
    await page.goto(url)
    await page.getByText("Connected", { exact: true }).waitFor()
    return page
  }

  const message = (page: Page, text: string | RegExp): Locator => page.locator("#messages li", { hasText: text })

  it("shows the sockets, the topics and the messages, all of it as text", async () => {
    const [room] = await visit(MARKUP, "room:1")
    await visit("bob", "room:1", "room:2")
    const page = await open()
    expect(page.url()).toBe(`${url}/`)
    await page.locator("#sockets").getByText("bob", { exact: true }).waitFor()
    await page.locator("#sockets").getByText(MARKUP).waitFor()
    expect(await page.locator("#topics tbody tr").allInnerTexts()).toEqual(["room:1\t2", "room:2\t1"])
    await page.locator("#counts").getByText("sockets", { exact: true }).waitFor()
    await room?.push("shout", { text: MARKUP, token: "t0ps3cret" })
    await message(page, MARKUP).first().waitFor()
    await message(page, "2 recipients").locator("summary").click()
    expect(await message(page, "2 recipients").locator("pre").innerText()).toContain('"token": "(hidden)"')
    expect(await page.locator("img").count()).toBe(0)
    expect(await page.title()).toBe("Inspect · Rookery")
    expect(await page.content()).not.toContain("t0ps3cret")
  })

  it("shows who comes and goes at once", async () => {
    const page = await open()
    const [room] = await visit("ada", "room:1")
    await message(page, "ada joined room:1").waitFor()
    await page.locator("#sockets").getByText("ada", { exact: true }).waitFor()
    socketOf(room).destroy()
    await message(page, "ada closed").waitFor()
    await page.locator("#sockets").getByText("ada", { exact: true }).waitFor({ state: "detached" })
    expect(await page.locator("#sockets-more").innerText()).toBe("No sockets")
  })

  it("filters messages by topic and event, searches them, and pauses", async () => {
    const [one, two] = await visit("ada", "room:1", "room:2")
    const page = await open()
    await page.getByLabel("Topic", { exact: true }).fill("*:2")
    const again = page.waitForResponse(
      (response) => response.url().includes("topic=*%3A2") || response.url().includes("topic=%2A%3A2"),
    )
    await page.getByLabel("Event", { exact: true }).press("Enter")
    await again
    await page.getByText("Connected", { exact: true }).waitFor()
    await one?.push("shout", { text: "nothing for me" })
    await two?.push("shout", { text: "first" })
    await message(page, "first").first().waitFor()
    expect(await message(page, "nothing for me").count()).toBe(0)
    await page.getByRole("button", { name: "Pause" }).click()
    await two?.push("shout", { text: "second" })
    await page.locator("#messages-state").getByText("Paused, 3 new").waitFor()
    expect(await message(page, "second").count()).toBe(0)
    await page.getByRole("button", { name: "Pause" }).click()
    await message(page, "second").first().waitFor()
    await page.getByLabel("Search these messages").fill("SECOND")
    await message(page, "first").first().waitFor({ state: "hidden" })
    expect(await message(page, "second").first().isVisible()).toBe(true)
  })

  it("removes a client from a topic once that is confirmed, by keyboard", async () => {
    const [room] = await visit("ada", "room:1")
    const page = await open()
    await page.getByRole("button", { name: "room:1" }).press("Enter")
    await page.locator("#topic-presences").getByText(MARKUP).waitFor()
    const kick = page.getByRole("button", { name: "Kick ada" })
    await kick.press("Enter")
    await page.getByRole("dialog", { name: "Kick ada from room:1?" }).waitFor()
    // Cancel has the focus.
    await page.keyboard.press("Enter")
    await page.getByRole("dialog").waitFor({ state: "hidden" })
    expect(room?.state).toBe("joined")
    const closed = new Promise((resolve) => room?.onClose(resolve))
    await kick.press("Enter")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await closed
    await kick.waitFor({ state: "detached" })
    await page.getByRole("button", { name: "Close" }).press("Enter")
    expect(await page.locator("#topic").isVisible()).toBe(false)
  })

  it("disconnects a client once that is confirmed", async () => {
    const [room] = await visit("ada", "room:1")
    const page = await open()
    const closed = new Promise((resolve) => socketOf(room).onClose(resolve))
    await page.getByRole("button", { name: "Disconnect ada" }).click()
    await page.getByRole("dialog").getByRole("button", { name: "Disconnect" }).click()
    await closed
    await message(page, "ada closed").waitFor()
    expect(await page.locator("#fault").isVisible()).toBe(false)
  })

  it("shows the clients of gateways with their messages, and disconnects one once that is confirmed", async () => {
    const gateway = endpoint.gateway("/ws", { connect: ({ params: { id } }) => ({ id: String(id) }) })
    const page = await open()
    expect(await page.getByRole("heading", { name: "Clients of gateways" }).isVisible()).toBe(false)
    const line = await gatewayLine(endpoint, "/ws", "id=ada")
    await message(page, "ada connected /ws").waitFor()
    await page.locator("#gateway-clients").getByText("/ws; since").waitFor()
    line.send(MARKUP)
    gateway.broadcast("news")
    await message(page, MARKUP).waitFor()
    await message(page, /1 recipient(?!s)/).waitFor()
    await page.getByRole("button", { name: "Disconnect ada at 192.0.2.1" }).click()
    await page.getByRole("dialog").getByRole("button", { name: "Disconnect" }).click()
    await message(page, "ada closed /ws (1001)").waitFor()
    expect(line.closedWith()).toBe(1001)
    await page.getByRole("heading", { name: "Clients of gateways" }).waitFor({ state: "hidden" })
  })

  it.each<[string, string, BrowserContextOptions]>([
    ["in light colours", "light", { colorScheme: "light" }],
    ["in dark colours", "dark", { colorScheme: "dark" }],
    ["on a phone", "phone", { viewport: { width: 360, height: 640 }, hasTouch: true }],
    ["on a phone, in dark colours", "phone-dark", { colorScheme: "dark", viewport: { width: 360, height: 640 } }],
  ])("is accessible %s, with everything open", async (_what, name, options) => {
    const [room] = await visit("ada", "room:1", `room:${"long".repeat(50)}`)
    // The page's policy forbids the script of axe.
    const page = await open({ bypassCSP: true, ...options })
    await picture(page, `inspector-${name}`)
    await room?.push("shout", { text: "hi" })
    await message(page, /1 recipient(?!s)/)
      .locator("summary")
      .click()
    await page.getByRole("button", { name: "room:1" }).click()
    await page.locator("#topic-presences").getByText("ada", { exact: true }).waitFor()
    expect(await faultsOf(page)).toEqual([])
    await picture(page, `inspector-topic-${name}`)
    expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(0)
    await page.getByRole("button", { name: "Disconnect ada" }).click()
    await page.getByRole("dialog").waitFor()
    expect(await faultsOf(page)).toEqual([])
  })

  it("is for nobody whom the check refuses", async () => {
    for (const part of ["/", "/app.js", "/style.css", "/icon.svg"]) expect((await fetch(url + part)).status).toBe(403)
  })
})
