import { existsSync } from "node:fs"
import { chromium, type Browser, type BrowserContextOptions, type LaunchOptions, type Page } from "playwright-core"
import { IS_BARE, IS_CI } from "./machine.js"
import { PATIENCE } from "./patience.js"

const SYSTEM_PATHS = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
  "/snap/bin/chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
]

/** Flags for a browser that loads the page of a spec and nothing else from the network. */
const FLAGS = [
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
  "--disable-quic",
]

/** The browsers that may be installed, the likeliest first. Each is tried only if those before it do not start. */
async function* executables(): AsyncGenerator<string> {
  if (!IS_BARE) {
    const chosen = process.env["CHROMIUM_PATH"]
    if (chosen) return yield chosen
    yield* SYSTEM_PATHS.filter((path) => existsSync(path))
  }
  // `executablePath()` unpacks a browser out of this npm package.
  const { default: packed } = await import("@sparticuz/chromium")
  yield await packed.executablePath()
}

/**
 * Starts a real Chromium: that of `CHROMIUM_PATH`, one of the system, or one out of an npm package. Returns `undefined`
 * if none starts; in CI it throws then.
 */
export async function launchChromium(options: LaunchOptions = {}): Promise<Browser | undefined> {
  const failures: unknown[] = []
  try {
    for await (const executablePath of executables()) {
      try {
        // Chromium has no sandbox as root and in most containers. The pages come from the specs, so they need none.
        const flags = { executablePath, chromiumSandbox: false, args: FLAGS, timeout: PATIENCE.timeout }
        return await chromium.launch({ ...flags, ...options })
      } catch (error) {
        failures.push(error)
      }
    }
  } catch (error) {
    failures.push(error)
  }
  if (IS_CI) throw new AggregateError(failures, "no Chromium starts here; set CHROMIUM_PATH to one")
  return undefined
}

/** Opens a page in a separate context, whose waits have the time limit of all specs. */
export async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext(options)
  context.setDefaultTimeout(PATIENCE.timeout)
  return context.newPage()
}
