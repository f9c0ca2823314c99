import type { Browser, BrowserContextOptions, Page } from "playwright-core"
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { launchChromium, openPage } from "../support/chromium.js"
import { faultsOf } from "./accessibility.js"
import { complaintsOf } from "./complaints.js"
import type { PanelPage } from "./panel-page.js"
import { pageScript } from "./page-script.js"

declare const page: PanelPage

const browser: Browser | undefined = await launchChromium()
afterAll(() => browser?.close())

/** Text that would run if a page took it for markup. */
const MARKUP = "<img src=x onerror=document.title=`taken`>"

/** A page whose policy allows no style of its own. */
const html = (body = ""): string => `<!doctype html>
  <html lang="en">
    <head>
      <title>A page</title>
      <meta name="color-scheme" content="light dark" />
      <meta http-equiv="content-security-policy" content="style-src 'none'; img-src 'none'" />
    </head>
    <body><main><h1>A page</h1>${body}</main></body>
  </html>`

describe.skipIf(!browser)("the panel of a client's socket", () => {
  const complaints: string[] = []
  const pages: Page[] = []
  let script = ""
  beforeAll(async () => {
    script = await pageScript("spec/browser/panel-page.ts")
  })
  afterEach(async () => {
    await Promise.all(pages.splice(0).map((page) => page.context().close()))
    expect(complaints.splice(0)).toEqual([])
  })

  async function open(options: BrowserContextOptions = {}, body?: string): Promise<Page> {
    const tab = await openPage(browser as Browser, options)
    pages.push(tab)
    complaintsOf(tab, { list: complaints })
    await tab.setContent(html(body))
    await tab.addScriptTag({ content: script })
    return tab
  }

  /** Opens a page with a joined room and a panel. */
  async function enter(hasCable: boolean, options?: BrowserContextOptions): Promise<Page> {
    const tab = await open(options)
    await tab.evaluate((hasCable) => page.enter({ hasCable }), hasCable)
    return tab
  }

  it("opens by keyboard, shows status, latency, rooms and bytes, and closes by Escape", async () => {
    const tab = await enter(false)
    const toggle = tab.getByRole("button", { name: /^Socket of Ada/ })
    expect(await toggle.getAttribute("aria-expanded")).toBe("false")
    expect(await tab.getByRole("status").isVisible()).toBe(false)
    await toggle.press("Enter")
    expect(await toggle.getAttribute("aria-expanded")).toBe("true")
    await tab.getByRole("status").getByText("Connected", { exact: true }).waitFor()
    await tab.getByText(/^Latency \d+(\.\d)? ms$/).waitFor()
    await tab.getByRole("listitem").filter({ hasText: "room:1joined" }).waitFor()
    expect(await tab.getByRole("row").nth(1).innerText()).toMatch(/^json\s+\d+ B\s+\d+ B$/)
    await tab.getByRole("button", { name: "Pause" }).press("Escape")
    expect(await tab.getByRole("status").isVisible()).toBe(false)
    expect(await toggle.evaluate((button) => (button.getRootNode() as ShadowRoot).activeElement === button)).toBe(true)
  })

  it("shows messages as text, without secrets, and can be paused and cleared", async () => {
    const tab = await enter(false)
    await tab.getByRole("button", { name: /^Socket of Ada/ }).click()
    const messages = tab.getByRole("group", { name: "Messages" })
    await messages.getByText("phx_join").click()
    expect(await messages.locator("details[open] pre").innerText()).toBe('{\n "token": "(hidden)"\n}')
    await tab.evaluate((text) => page.push("echo", { text }), MARKUP)
    await messages.locator("pre", { hasText: MARKUP }).nth(1).waitFor({ state: "attached" })
    expect(await tab.locator("img").count()).toBe(0)

    await tab.getByRole("button", { name: "Pause" }).click()
    await tab.getByRole("button", { name: "Clear" }).click()
    expect(await messages.getByRole("listitem").count()).toBe(0)
    await tab.evaluate(() => page.push("echo", { n: 1 }))
    await tab.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))))
    expect(await messages.getByRole("listitem").count()).toBe(0)
    await tab.getByRole("button", { name: "Pause" }).click()
    await messages.getByText("echo").waitFor()
  })

  it("cuts the cable, and mends it", async () => {
    const tab = await enter(true)
    const toggle = tab.getByRole("button", { name: /^Socket of Ada/ })
    await toggle.click()
    await tab.getByRole("button", { name: "Cut the cable" }).click()
    await tab.getByRole("status").getByText("Reconnecting; closed with 1006").waitFor()
    await tab.getByText(/^Attempt 2 in \d+ s$/).waitFor()
    await toggle.getByText("cut").waitFor()
    await tab.getByRole("button", { name: "Mend the cable" }).click()
    await tab.getByRole("status").getByText("Connected", { exact: true }).waitFor()
    expect(await tab.evaluate(() => page.push("echo", { back: true }))).toEqual({ back: true })
  })

  it("disconnects a socket that has no cable, and connects it again", async () => {
    const tab = await enter(false)
    await tab.getByRole("button", { name: /^Socket of Ada/ }).click()
    await tab.getByRole("button", { name: "Disconnect" }).click()
    await tab.getByRole("status").getByText("Disconnected").waitFor()
    await tab.getByRole("button", { name: "Connect", exact: true }).click()
    await tab.getByRole("status").getByText("Connected", { exact: true }).waitFor()
    expect(await tab.evaluate(() => page.push("echo", { back: true }))).toEqual({ back: true })
  })

  it("listens to the socket only while it is in the page", async () => {
    const tab = await enter(false)
    expect(await tab.evaluate(() => page.isInspected())).toBe(true)
    await tab.evaluate(() => page.remove())
    expect(await tab.evaluate(() => page.isInspected())).toBe(false)
  })

  it("takes a socket, and opens, if both were set before the element was defined", async () => {
    const tab = await open({}, '<rookery-panel inline label="In place"></rookery-panel>')
    await tab.evaluate(() => page.enter({ inMarkup: true }))
    const panel = tab.getByRole("region", { name: "In place" })
    await panel.getByRole("listitem").filter({ hasText: "room:1joined" }).waitFor()
    expect(
      await panel.evaluate((section) => getComputedStyle((section.getRootNode() as ShadowRoot).host).position),
    ).toBe("static")
  })

  it.each<[string, BrowserContextOptions]>([
    ["in light colours", { colorScheme: "light" }],
    ["in dark colours", { colorScheme: "dark" }],
    ["on a phone", { viewport: { width: 360, height: 640 }, hasTouch: true }],
  ])("has names, an order and contrast for everybody %s", async (_how, options) => {
    const tab = await enter(true, options)
    expect(await faultsOf(tab)).toEqual([])
    await tab.getByRole("button", { name: /^Socket of Ada/ }).click()
    await tab.evaluate(() => page.push("echo", { text: "hi".repeat(200) }))
    await tab.getByRole("group", { name: "Messages" }).getByText("echo").first().click()
    expect(await faultsOf(tab)).toEqual([])
    await tab.getByRole("button", { name: "Cut the cable" }).click()
    await tab.getByRole("button", { name: "Mend the cable" }).waitFor()
    expect(await faultsOf(tab)).toEqual([])
    expect(await tab.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true)
  })
})
