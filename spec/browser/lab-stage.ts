import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { build } from "esbuild"
import type { CDPSession } from "playwright-core"
import { Endpoint } from "rookery/server"
import { afterAll, afterEach, beforeEach, describe, expect, inject, it } from "vitest"
import { ROOT } from "../packaging/build.js"
import { launchChromium } from "../support/chromium.js"
import { TcpProxy } from "../support/tcp-proxy.js"
import type { Abilities } from "./abilities.js"
import type { LabSettings } from "./lab.js"
import { Tab } from "./tab.js"

/** A server with a page that has a client, a network between them, and the opened tabs. */
export interface LabStage {
  readonly endpoint: Endpoint
  readonly network: TcpProxy
  /** The URL for clients, over the network that a spec can cut. */
  readonly url: string
  /** Opens the page in a tab. */
  open(path?: string): Promise<Tab>
}

/** The abilities of the browser of this run. */
export const ABILITIES: Abilities = inject("browser") ?? { hides: false, freezes: false, caches: false }

/** A policy without `eval`, inline code and other origins. */
const POLICY =
  "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src ws://127.0.0.1:* http://127.0.0.1:*"

/** A test that is skipped if the browser lacks an ability. */
export const itWhere = (isAble: boolean): typeof it | typeof it.skip => (isAble ? it : it.skip)

/** Bundles the page and its worker for browsers, with the built package. */
async function scripts(): Promise<Record<string, string>> {
  const { outputFiles } = await build({
    entryPoints: ["page", "worker"].map((name) => `${ROOT}/spec/browser/lab-${name}.ts`),
    absWorkingDir: ROOT,
    outdir: "/",
    bundle: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    // Without this, the paths of tsconfig.json would lead to the sources.
    tsconfigRaw: {},
    logLevel: "error",
    write: false,
  })
  return Object.fromEntries(outputFiles.map(({ path, text }) => [path.replace(/^.*(?=\/lab-)/, ""), text]))
}

async function start(files: Record<string, string>): Promise<LabStage & AsyncDisposable & { page: string }> {
  const endpoint = new Endpoint({
    logger: false,
    connect: ({ params }) => ({ id: `user:${params["user"]}`, assigns: { user: String(params["user"]) } }),
    // A client that polls again a second late is still there.
    limits: { pollWindowMs: 4000 },
  })
  for (const [pattern, history] of [["room:*"], ["kept:*", { size: 100, ttl: 3_600_000 }]] as const) {
    endpoint.channel(pattern, {
      ...(history && { history }),
      joined: (room) => room.track(room.assigns.user, {}),
      receive: { echo: (payload) => payload, say: (payload, room) => room.broadcast("said", payload) },
    })
  }
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost")
    const isScript = pathname.endsWith(".js")
    const text = isScript ? files[pathname] : '<!doctype html><script type="module" src="/lab-page.js"></script>'
    response.writeHead(text === undefined ? 404 : 200, {
      "content-type": isScript ? "text/javascript" : "text/html",
      "content-security-policy": POLICY,
    })
    response.end(text)
  })
  endpoint.attach(server)
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as AddressInfo
  const network = await TcpProxy.to(port)
  return {
    endpoint,
    network,
    page: `http://127.0.0.1:${port}`,
    url: `ws://127.0.0.1:${network.port}/socket`,
    open: () => Promise.reject(new Error("there is no browser")),
    async [Symbol.asyncDispose]() {
      await network[Symbol.asyncDispose]()
      await endpoint.close({ deadlineMs: 0 })
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Opens the page in a tab, connects, and joins the room. */
export async function enter(stage: LabStage, settings: Partial<LabSettings> = {}): Promise<Tab> {
  const tab = await stage.open()
  const { url } = stage
  await tab.evaluate((settings: LabSettings) => lab.enter(settings), { url, user: "ada", ...settings })
  await logged(tab, "connected", "joined")
  return tab
}

/** Waits for these log entries of the page, in this order, after those of earlier calls. */
export const logged = (tab: Tab, ...entries: string[]): Promise<void> =>
  tab.evaluate((entries: string[]) => lab.logged(...entries), entries)

/** Broadcasts a text to the room with a history and to the one without. */
export function say(stage: LabStage, text: string): void {
  for (const topic of ["room:1", "kept:1"]) stage.endpoint.broadcast(topic, "said", { text })
}

/** Checks that the page is connected, and receives broadcasts from now on. */
export async function hears(stage: LabStage, tab: Tab, text: string): Promise<void> {
  say(stage, text)
  await logged(tab, `said: ${text}`)
  expect(await tab.evaluate(() => lab.status)).toBe("connected")
}

/** Describes a client on the pages of a real Chromium, if there is one. Pages must not have any complaint. */
export async function describeLab(what: string, tests: (stage: () => LabStage) => void): Promise<void> {
  // Playwright switches the back/forward cache off by default.
  const browser = await launchChromium({ ignoreDefaultArgs: ["--disable-back-forward-cache"] })
  const files = await scripts()
  describe.skipIf(!browser)(what, () => {
    let stage: Awaited<ReturnType<typeof start>>
    let cdp: CDPSession
    const tabs: Tab[] = []
    beforeEach(async () => {
      stage = await start(files)
      cdp = (await browser?.newBrowserCDPSession()) as CDPSession
    })
    afterEach(async () => {
      const complaints = tabs.flatMap((tab) => tab.complaints)
      await Promise.all(tabs.splice(0).map((tab) => tab.close()))
      await cdp.detach()
      await stage[Symbol.asyncDispose]()
      expect(complaints).toEqual([])
    })
    afterAll(() => browser?.close())
    const open = async (path = "/"): Promise<Tab> => {
      const tab = await Tab.open(cdp, stage.page + path, ABILITIES.hides || undefined)
      tabs.push(tab)
      return tab
    }
    tests(() => ({ ...stage, open }))
  })
}
