import assert from "node:assert/strict"
import type { Server } from "node:http"
import { after, before, describe, it } from "node:test"
import type { Browser, BrowserContextOptions, Page } from "playwright-core"
import { faultsOf } from "../spec/browser/accessibility.js"
import { launchChromium, openPage } from "../spec/support/chromium.js"
import { hashOf, hashOfExample } from "./playground/link.js"
import { serveSite } from "./served.js"

const browser: Browser | undefined = await launchChromium()
if (browser === undefined) console.warn("No Chromium starts, so the playground is not tested: install one.")

describe("the playground", { skip: browser === undefined }, () => {
  let server: Server
  let url: string
  before(async () => {
    const site = await serveSite()
    server = site.server
    url = `${site.home}playground.html`
  })
  after(async () => {
    await browser?.close()
    server.close()
  })

  async function open(hash: string, options: BrowserContextOptions = {}): Promise<Page> {
    const page = await openPage(browser as Browser, options)
    await page.goto(url + hash)
    return page
  }

  /** Waits until the output has these rows, in this order; others may be between them. */
  async function prints(page: Page, rows: readonly string[]): Promise<void> {
    await page.waitForFunction((wanted) => {
      let next = 0
      for (const { textContent } of document.querySelectorAll("#output li")) if (textContent === wanted[next]) next++
      return next === wanted.length
    }, rows)
  }

  const rowsOf = (page: Page): Promise<string[]> => page.locator("#output li").allTextContents()
  const statusOf = (page: Page): ReturnType<Page["locator"]> => page.locator(".playground [role=status]")

  const EXAMPLES: readonly (readonly [title: string, id: string, rows: readonly string[]])[] = [
    [
      "Rooms and replies",
      "rooms",
      ["welcome to room:lobby", "2 + 3 = 5", "heard: HELLO", "join of room:secret was refused: unauthorized"],
    ],
    ["Presence", "presence", ["Ada sees Ada, Bob, Carol", "Carol goes", "Ada sees Ada, Bob"]],
    [
      "Recovery after a cut",
      "recovery",
      ["got 1", "got 2", "the cable is cut, and 3 and 4 are sent", "back, nothing is lost", "got 3", "got 4"],
    ],
    ["Typed contract", "contract", ["1 in the room", "Ada: hi", "it is message 1", "refused: empty"]],
    [
      "MessagePack",
      "msgpack",
      ["Bob hears: Ada moved to 1024, 768", "Ada hears: Bob moved to 1024, 768", "the photo has 4 bytes"],
    ],
  ]
  for (const [title, id, rows] of EXAMPLES) {
    it(`has an example that prints what it says: ${title}`, async () => {
      const page = await open(hashOfExample(id))
      assert.equal(await page.locator("#example option:checked").textContent(), title)
      await prints(page, rows)
      assert.equal(await page.locator("#output .error").count(), 0)
      await page.context().close()
    })
  }

  it("shows the messages on the wire by name, with their bytes in each serializer", async () => {
    const page = await open(hashOfExample("msgpack"))
    await prints(page, ["the photo has 4 bytes"])
    const bytesOf = async (client: string): Promise<string> =>
      (await page
        .locator("tr.sent", { hasText: client })
        .filter({ hasText: "move" })
        .locator("td")
        .last()
        .textContent()) ?? ""
    assert.match(await bytesOf("Ada"), /\(text\)$/)
    assert.match(await bytesOf("Bob"), /\(binary\)$/)
    assert.ok(Number.parseInt(await bytesOf("Bob"), 10) < Number.parseInt(await bytesOf("Ada"), 10))
    await page.context().close()
  })

  it("cuts the cable of a client by its switch, and loses nothing", async () => {
    const page = await open(
      hashOf(`
        import { Socket } from "rookery"
        import { Endpoint } from "rookery/server"
        const endpoint = new Endpoint()
        endpoint.channel("room", { history: { size: 10, ttl: 60_000 }, receive: { say: ({ text }, room) => void room.broadcast("said", { text }) } })
        await endpoint.listen({ port: 4000 })
        const enter = async (name: string) => {
          const socket = new Socket("ws://localhost:4000/socket", { params: { name } })
          socket.onError(() => {})
          socket.onStatus((status) => {
            if (name === "Ada" && status === "reconnecting") void bob.push("say", { text: "while Ada was away" })
          })
          socket.connect()
          const room = socket.channel("room", {}, { recover: true })
          room.on("said", ({ text }) => console.log(name, "heard", text))
          await room.join()
          return room
        }
        const bob = await enter("Bob")
        await enter("Ada")
        console.log("both are in")
      `),
    )
    await prints(page, ["both are in"])
    const cable = page.getByRole("switch", { name: "Cut the cable of Ada" })
    await cable.click()
    await prints(page, ["Bob heard while Ada was away"])
    assert.equal(await cable.getAttribute("aria-checked"), "true")
    assert.deepEqual(
      (await rowsOf(page)).filter((row) => row.startsWith("Ada")),
      [],
    )
    await cable.click()
    await prints(page, ["Ada heard while Ada was away"])
    await page.context().close()
  })

  it("runs what is typed, and says which line of the code is wrong", async () => {
    const page = await open("")
    await page.locator("#code").fill("const n: number = 40\n\nconsole.log(`typed ${n + 2}`)")
    await prints(page, ["typed 42"])
    await page.locator("#code").fill("console.log(1)\n\nthrow new Error('broken')")
    await prints(page, ["1", "Error: broken (line 3)"])
    await page.context().close()
  })

  it("ends code that never ends", async () => {
    const page = await open(hashOf("console.log('before')\nfor (;;) {}"))
    await prints(page, ["before"])
    await page.getByRole("button", { name: "Stop" }).click()
    assert.equal(await statusOf(page).textContent(), "Stopped")
    await page.locator("#code").fill("console.log('after')")
    await prints(page, ["after"])
    await page.context().close()
  })

  it("carries the code in its link, and sends none of it to the server", async () => {
    const page = await open("")
    const requested: string[] = []
    page.context().on("request", (request) => requested.push(request.url()))
    await page.locator("#code").fill("console.log('ünïcode 🦜')")
    await prints(page, ["ünïcode 🦜"])
    await page.getByRole("button", { name: "Copy link" }).click()
    await page.waitForFunction(() => location.hash.startsWith("#code="))
    const other = await page.context().newPage()
    await other.goto(page.url())
    assert.equal(await other.locator("#code").inputValue(), "console.log('ünïcode 🦜')")
    await prints(other, ["ünïcode 🦜"])
    assert.deepEqual(
      requested.filter((one) => one.includes("code=")),
      [],
    )
    await page.context().close()
  })

  it("keeps the code of a link from the storage of the site, from its pages and from the network", async () => {
    const page = await openPage(browser as Browser)
    await page.goto(url)
    await page.evaluate(async () => {
      localStorage.setItem("secret", "of the site")
      document.cookie = "secret=of-the-site"
      await new Promise((resolve, reject) => {
        const opening = indexedDB.open("secret")
        opening.onsuccess = resolve
        opening.onerror = reject
      })
      const cache = await caches.open("secret")
      await cache.put("/secret", new Response("of the site"))
    })
    const requested: string[] = []
    page.context().on("request", (request) => requested.push(request.url()))
    await page.goto(
      url +
        hashOf(`
          const attempts = {
            origin: () => { if (self.origin !== "null") return self.origin; throw new Error("none") },
            localStorage: () => localStorage.getItem("secret"),
            cookie: () => document.cookie,
            indexedDB: async () => {
              const names = await indexedDB.databases()
              return new Promise((resolve, reject) => {
                const opening = indexedDB.open("secret")
                opening.onsuccess = () => resolve(JSON.stringify(names) + opening.result.name)
                opening.onerror = () => reject(opening.error)
              })
            },
            // A path alone has no host here: the code has come as a blob.
            caches: async () => (await (await caches.open("secret")).match("${new URL("/secret", url).href}"))?.text(),
            fetch: async () => (await fetch("${url}")).text(),
            outside: async () => (await fetch("${url}?stolen", { mode: "no-cors" })).type,
            socket: () => new Promise((resolve, reject) => {
              const socket = new WebSocket("${url.replace("http", "ws")}?stolen")
              socket.onopen = resolve
              socket.onerror = () => reject(new Error("no websocket"))
            }),
            script: () => importScripts("${url}?stolen"),
            module: () => import("${url}?stolen"),
            worker: () => new Promise((resolve, reject) => {
              const worker = new Worker("${url}?stolen")
              worker.onmessage = resolve
              worker.onerror = () => reject(new Error("no worker"))
            }),
            parent: () => parent.document.title,
          }
          for (const [name, attempt] of Object.entries(attempts)) {
            try { console.log("REACHED", name, await attempt()) } catch (error) { console.log("kept from", name) }
          }
          console.log("tried all")
        `),
    )
    // The same page with another fragment is not loaded anew.
    await page.reload()
    requested.length = 0
    await prints(page, ["tried all"])
    const rows = await rowsOf(page)
    assert.deepEqual(
      rows.filter((row) => row.startsWith("REACHED")),
      [],
    )
    assert.equal(rows.filter((row) => row.startsWith("kept from")).length, 12)
    assert.deepEqual(
      requested.filter((one) => one.includes("stolen")),
      [],
    )
    await page.context().close()
  })

  it("shows text of the code as text", async () => {
    const page = await open(hashOf(`console.log("<img src=x onerror=alert(1)>")`))
    await prints(page, ["<img src=x onerror=alert(1)>"])
    assert.equal(await page.locator(".playground img").count(), 0)
    await page.context().close()
  })

  it("indents by Tab, and lets the keyboard out of the editor by Escape", async () => {
    const page = await open(hashOf("const a = {"))
    const area = page.locator("#code")
    await area.focus()
    await page.keyboard.press("End")
    await page.keyboard.press("Enter")
    await page.keyboard.type("b")
    assert.equal(await area.inputValue(), "const a = {\n  b")
    await page.keyboard.press("Shift+Tab")
    assert.equal(await area.inputValue(), "const a = {\nb")
    await page.keyboard.press("Tab")
    assert.equal(await area.inputValue(), "const a = {\nb  ")
    await page.keyboard.press("Control+/")
    assert.equal(await area.inputValue(), "const a = {\n// b  ")
    await page.keyboard.press("Escape")
    await page.keyboard.press("Tab")
    assert.equal(await area.evaluate((element) => element === document.activeElement), false)
    await page.context().close()
  })

  for (const colorScheme of ["light", "dark"] as const) {
    for (const [device, width] of [
      ["a desk", 1280],
      ["a phone", 375],
    ] as const) {
      it(`is accessible and fits on ${device}, ${colorScheme}`, async () => {
        const page = await open(hashOfExample("msgpack"), { colorScheme, viewport: { width, height: 800 } })
        await prints(page, ["the photo has 4 bytes"])
        assert.deepEqual(await faultsOf(page), [])
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth))
        await page.context().close()
      })
    }
  }
})
