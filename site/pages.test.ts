import assert from "node:assert/strict"
import type { Server } from "node:http"
import { after, before, describe, it } from "node:test"
import type { Browser, BrowserContextOptions, Page } from "playwright-core"
import { faultsOf } from "../spec/browser/accessibility.js"
import { launchChromium, openPage } from "../spec/support/chromium.js"
import { serveSite } from "./served.js"

const NOWHERE = "nowhere.html"

/** Pages of each kind that the site has. The playground has tests of its own. */
const PAGES = [
  ["the front page", "index.html"],
  ["a guide, with code in it", "guide.html"],
  ["wide tables", "limits.html"],
  ["the comparison", "compared.html"],
  ["the list of all documents", "documents.html"],
  ["the entry points of the reference", "api/index.html"],
  ["an entry point of the reference", "api/modules/server.html"],
  ["a class of the reference", "api/classes/index.Socket.html"],
  ["a page that is not there", NOWHERE],
] as const

const PHONE: BrowserContextOptions = {
  colorScheme: "light",
  viewport: { width: 375, height: 740 },
  hasTouch: true,
  isMobile: true,
}

const VIEWS: readonly (readonly [name: string, options: BrowserContextOptions])[] = [
  ["in light colours", { colorScheme: "light", viewport: { width: 1280, height: 800 } }],
  ["in dark colours", { colorScheme: "dark", viewport: { width: 1280, height: 800 } }],
  ["on a phone", PHONE],
]

/** Whether Vue has taken over a page of VitePress, or a page of TypeDoc has its navigation. This runs on the page. */
const isReady = (): boolean =>
  "__vue_app__" in (document.querySelector("#app") ?? {}) || document.querySelector("#tsd-nav-container a") !== null

/** A summary of TypeDoc's opens a part of the page, and the link in it leads to the part. */
const OF_SUMMARIES = /^nested-interactive: .*\bsummary\b/
/** A result is an option with a link in it, whose name lacks the excerpt below: arrows choose it, and Enter follows it. */
const OF_RESULTS = [
  /^nested-interactive: #(?:localsearch-item|tsd-search)/,
  /^label-content-name-mismatch: (?:a\[|\.selected)/,
]

const browser: Browser | undefined = await launchChromium()
if (browser === undefined) console.warn("No Chromium starts, so the pages of the site are not looked at: install one.")

describe("the pages of the site", { skip: browser === undefined }, () => {
  let server: Server
  let home: string
  before(async () => {
    ;({ server, home } = await serveSite())
  })
  after(async () => {
    await browser?.close()
    server.close()
  })

  /** Opens a page, waits until its scripts have made it what it is, and shows it to a check. */
  async function look(
    path: string,
    options: BrowserContextOptions,
    check: (page: Page) => Promise<void>,
  ): Promise<void> {
    const page = await openPage(browser as Browser, { ...options, reducedMotion: "reduce" })
    try {
      // Without its page, a path would show the one of a wrong address, and pass.
      const response = await page.goto(home + path)
      assert.equal(response?.status(), path === NOWHERE ? 404 : 200, path)
      await page.waitForFunction(isReady)
      await check(page)
    } finally {
      await page.context().close()
    }
  }

  async function isAccessible(page: Page, except: readonly RegExp[] = []): Promise<void> {
    const known = [OF_SUMMARIES, ...except]
    const faults = await faultsOf(page)
    assert.deepEqual(
      faults.filter((fault) => !known.some((pattern) => pattern.test(fault))),
      [],
    )
  }

  async function isForAll(page: Page, except?: readonly RegExp[]): Promise<void> {
    await isAccessible(page, except)
    const beyond = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
    assert.ok(beyond <= 0, `the page is ${beyond} pixels wider than its view`)
  }

  async function searches(page: Page, open: string, field: string, result: string): Promise<void> {
    await page.locator(open).click()
    await page.locator(field).fill("heartbeat")
    await page.locator(result).first().waitFor()
  }

  for (const [view, options] of VIEWS) {
    for (const [name, path] of PAGES) {
      it(`are accessible and fit ${view}: ${name}`, () => look(path, options, (page) => isForAll(page)))
    }

    it(`are accessible and fit ${view}: the search of the documents, with results`, () =>
      look("guide.html", options, async (page) => {
        await searches(page, ".DocSearch-Button", "#localsearch-input", "#localsearch-list .result")
        await isForAll(page, OF_RESULTS)
      }))

    it(`are accessible and fit ${view}: the search of the reference, with results`, () =>
      look("api/index.html", options, async (page) => {
        await searches(page, "#tsd-search-trigger", "#tsd-search-input", "#tsd-search-results li")
        await isForAll(page, OF_RESULTS)
      }))
  }

  const MENUS = [
    ["the documents", "guide.html", ".VPLocalNav .menu", ".VPSidebar.open"],
    ["the parts of the site", "guide.html", ".VPNavBarHamburger", ".VPNavScreen"],
    ["the reference", "api/index.html", "#tsd-toolbar-menu-trigger", "html.has-menu"],
  ] as const
  for (const [name, path, button, menu] of MENUS) {
    it(`are accessible on a phone with the menu of ${name} open`, () =>
      look(path, PHONE, async (page) => {
        await page.locator(button).click()
        await page.locator(menu).waitFor()
        await isAccessible(page)
      }))
  }
})
