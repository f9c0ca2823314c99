import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import type { Browser } from "playwright-core"
import { Tab, type Hiding } from "./tab.js"

/** The events that a page can have in the installed Chromium. A headless shell has neither windows nor a page cache. */
export interface Abilities {
  /** The way to hide a page, if there is one. */
  readonly hides: Hiding | false
  /** Whether a page can be frozen and resumed. */
  readonly freezes: boolean
  /** Whether a page comes back out of the back/forward cache. */
  readonly caches: boolean
}

/** The time limit for a page to report an event, which usually takes no time. */
const WITHIN_MS = 15_000

const PAGE = `<!doctype html><script>
  globalThis.seen = []
  for (const event of ["freeze", "resume"]) document.addEventListener(event, () => seen.push(event))
  addEventListener("pageshow", ({ persisted }) => seen.push(persisted ? "restored" : "loaded"))
</script>`

declare global {
  /** The events of the page above since its load, or since the list was emptied. */
  var seen: string[]
}

/** Whether the page sees an event, or becomes visible or hidden, within the time above. */
const comesTo = (tab: Tab, state: string): Promise<boolean> =>
  tab.evaluate(
    async ([state, withinMs]: [string, number]) => {
      const end = Date.now() + withinMs
      const holds = (): boolean => seen.includes(state) || document.visibilityState === state
      while (!holds() && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 20))
      return holds()
    },
    [state, WITHIN_MS] as [string, number],
  )

async function hides(tab: Tab): Promise<boolean> {
  await tab.hide()
  const isHidden = await comesTo(tab, "hidden")
  await tab.show()
  return isHidden && (await comesTo(tab, "visible"))
}

async function freezes(tab: Tab): Promise<boolean> {
  await tab.freeze(true)
  await tab.freeze(false)
  return comesTo(tab, "resume")
}

async function caches(tab: Tab, url: string): Promise<boolean> {
  await tab.evaluate(() => void (seen = []))
  await tab.go(`${url}other`)
  await tab.back()
  // A page that does not come out of the cache reports a load.
  return tab.evaluate(async () => {
    while (!seen.includes("restored") && !seen.includes("loaded"))
      await new Promise((resolve) => setTimeout(resolve, 20))
    return seen.includes("restored")
  })
}

/** Finds the abilities of a browser, on separate pages. The back/forward cache has to be on. */
export async function abilitiesOf(browser: Browser): Promise<Abilities> {
  const server = createServer((_request, response) =>
    response.writeHead(200, { "content-type": "text/html" }).end(PAGE),
  )
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const cdp = await browser.newBrowserCDPSession()
  const open = (hiding?: Hiding): Promise<Tab> => Tab.open(cdp, url, hiding)
  try {
    const canFreeze = await freezes(await open())
    const ways: Hiding[] = canFreeze ? ["behind a tab", "by emulation"] : ["behind a tab"]
    let hiding: Hiding | false = false
    for (const way of ways) if (!hiding && (await hides(await open(way)))) hiding = way
    return { hides: hiding, freezes: canFreeze, caches: await caches(await open(), url) }
  } finally {
    await cdp.detach()
    server.closeAllConnections()
    server.close()
  }
}
