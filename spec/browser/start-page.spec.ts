import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Browser, BrowserContextOptions, Locator, Page } from "playwright-core"
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { launchChromium, openPage } from "../support/chromium.js"
import { Program } from "../support/program.js"
import { faultsOf } from "./accessibility.js"
import { complaintsOf } from "./complaints.js"
import { pictures } from "./pictures.js"

const browser = (await launchChromium()) as Browser
const picture = pictures()

describe.skipIf(!browser)("the page that npm start opens", () => {
  const folder = mkdtempSync(join(tmpdir(), "rookery-start-"))
  const pages: Page[] = []
  const complaints: string[] = []
  let server: Program
  let url = ""

  beforeAll(async () => {
    server = new Program(process.execPath, ["--import", "tsx", "build/start.ts", "--port", "0", "--data", folder])
    const [, demo = ""] = await server.printed(/^The demo is at (\S+), and the chat at \S+$/)
    url = demo
  })
  afterEach(async () => {
    await Promise.all(pages.splice(0).map((page) => page.context().close()))
    expect(complaints.splice(0)).toEqual([])
  })
  afterAll(async () => {
    await browser?.close()
    await server.kill()
    rmSync(folder, { recursive: true, force: true })
  })

  async function open(options?: BrowserContextOptions): Promise<Page> {
    const page = await openPage(browser, options)
    pages.push(page)
    complaintsOf(page, { types: ["error"], list: complaints })
    await page.goto(url)
    await page.locator("#count:enabled").waitFor()
    return page
  }

  const heard = (page: Page, client: "ada" | "grace"): Locator => page.locator(`#${client} .heard li`)
  const numbersOf = (page: Page, client: "ada" | "grace"): Promise<string[]> =>
    page.locator(`#${client} .heard .n`).allTextContents()
  const upTo = (last: number): string[] => Array.from({ length: last }, (_, i) => String(i + 1))

  it("loses nothing when a cable is cut while the server sends", async () => {
    const page = await open()
    await page.getByRole("button", { name: "Let the server send 20 messages" }).click()
    await heard(page, "grace").nth(2).waitFor()
    await page.getByRole("button", { name: "Cut the cable (Grace)" }).click()
    await page.locator("#grace .state", { hasText: "Cut off" }).waitFor()
    const atCut = await heard(page, "grace").count()
    await heard(page, "ada").nth(19).waitFor()
    expect(await heard(page, "grace").count()).toBe(atCut)
    await page.getByRole("button", { name: "The cable is cut: join it again (Grace)" }).click()
    await heard(page, "grace").nth(19).waitFor()
    expect(await numbersOf(page, "grace")).toEqual(upTo(20))
    expect(await page.locator("#grace .verdict").textContent()).toBe(
      `20 messages, ${20 - atCut} of them recovered; none missing, none twice`,
    )
    expect(await page.locator("#ada .verdict").textContent()).toBe("20 messages; none missing, none twice")
  })

  it("keeps a message that is written while the cable is cut, and sends it once", async () => {
    const page = await open()
    await page.getByRole("button", { name: "Cut the cable (Ada)" }).click()
    await page.getByLabel("Write as Ada").fill("Written offline")
    await page.keyboard.press("Enter")
    await page.locator("#ada .facts dd", { hasText: /^1$/ }).waitFor()
    await page.getByRole("button", { name: "The cable is cut: join it again (Ada)" }).click()
    for (const client of ["ada", "grace"] as const) {
      await heard(page, client).filter({ hasText: "Ada Written offline" }).waitFor()
      expect(await heard(page, client).count()).toBe(1)
    }
  })

  it("shows the wire: events, offsets, the recovery, and the bytes in both serializers", async () => {
    const page = await open()
    const rows = page.locator("#frames tr")
    await page.getByLabel("Write as Grace").fill("Hello")
    await page.keyboard.press("Enter")
    const said = rows.filter({ hasText: "said" }).first()
    await said.waitFor()
    const cells = await said.locator("td").allTextContents()
    expect(cells[4]).toBe("1")
    const [json = 0, msgpack = 0] = cells.slice(5).map((cell) => Number(/^(\d+) B$/.exec(cell)?.[1]))
    expect(msgpack).toBeGreaterThan(0)
    expect(json).toBeGreaterThan(msgpack)
    await rows.filter({ hasText: "phx_join" }).filter({ hasText: "recover" }).first().waitFor()
    // Frames go on coming: the answer to the message, heartbeats.
    await page.getByRole("button", { name: "Pause" }).click()
    await page.getByRole("button", { name: "Clear" }).click()
    expect(await rows.count()).toBe(0)
  })

  it("measures both clients with as many rooms as the slider says", async () => {
    const page = await open()
    await page.getByRole("slider", { name: "Rooms" }).fill("4")
    const told = page.getByText(/^With 10,000 rooms on the socket, one message takes [\d.,]+ µs in Rookery/)
    await told.waitFor()
    const [rookery = 0, phoenix = 0] = [...((await told.textContent()) ?? "").matchAll(/([\d.,]+) µs/g)].map(
      ([, time = ""]) => Number(time.replace(",", "")),
    )
    expect(rookery).toBeGreaterThan(0)
    expect(phoenix).toBeGreaterThan(rookery)
  })

  it("opens the chat with one click, as another person in another browser", async () => {
    for (const name of ["Ada", "Grace"]) {
      const page = await open()
      await page.getByText("One click: this server mails no links").waitFor()
      await page.getByRole("button", { name: "Open the chat" }).click()
      await page.locator("#own-name", { hasText: name }).waitFor()
      expect(new URL(page.url()).pathname).toBe("/chat")
    }
  })

  it("logs in with one click from the chat's own page, too", async () => {
    const page = await open()
    await page.goto(`${url}/chat`)
    await page.getByRole("button", { name: "Log in with one click" }).click()
    await page.locator("#own-name", { hasText: /\w/ }).waitFor()
    expect(await page.locator("#own-email").textContent()).toMatch(/@localhost$/)
  })

  it.each<[string, string, BrowserContextOptions]>([
    ["in light colours", "light", { colorScheme: "light" }],
    ["in dark colours", "dark", { colorScheme: "dark" }],
    ["on a phone", "phone", { viewport: { width: 360, height: 740 } }],
    ["on a phone, in dark colours", "phone-dark", { colorScheme: "dark", viewport: { width: 360, height: 740 } }],
  ])("has names, landmarks, an order and contrast for everybody %s", async (_how, name, options) => {
    const page = await open({ ...options, bypassCSP: true, reducedMotion: "reduce" })
    await page.getByLabel("Write as Ada").fill("Something to read")
    await page.keyboard.press("Enter")
    await heard(page, "grace").first().waitFor()
    await page.getByText(/^With 100 rooms/).waitFor()
    expect(await faultsOf(page)).toEqual([])
    await picture(page, `demo-${name}`)
    await page.getByRole("button", { name: "Cut the cable (Grace)" }).click()
    await page.locator("#grace .state", { hasText: "Cut off" }).waitFor()
    expect(await faultsOf(page)).toEqual([])
    await picture(page, `demo-cut-${name}`)
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true)
  })
})
