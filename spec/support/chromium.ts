import { existsSync } from "node:fs"
import { chromium, type Browser, type LaunchOptions } from "playwright-core"

const SYSTEM_PATHS = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
  "/snap/bin/chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
]

/** A browser that looks at the page it is shown and at nothing else on the network. */
const FLAGS = [
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
  "--disable-quic",
]

/** The browsers that may be there, the likeliest first. Each is only looked for when those before it do not start. */
async function* executables(): AsyncGenerator<string> {
  const said = process.env["CHROMIUM_PATH"]
  if (said) return yield said
  yield* SYSTEM_PATHS.filter((path) => existsSync(path))
  // It unpacks a browser out of its npm package.
  const { default: packed } = await import("@sparticuz/chromium")
  yield await packed.executablePath()
}

/**
 * A real Chromium: that of `CHROMIUM_PATH`, one of the system, or one out of an npm package. Where none starts, that is
 * said in one line and there is none; in CI it is an error.
 */
export async function launchChromium(options: LaunchOptions = {}): Promise<Browser | undefined> {
  const failures: unknown[] = []
  try {
    for await (const executablePath of executables()) {
      try {
        // As root, and in most containers, Chromium has no sandbox; the pages are our own.
        return await chromium.launch({ executablePath, chromiumSandbox: false, args: FLAGS, ...options })
      } catch (error) {
        failures.push(error)
      }
    }
  } catch (error) {
    failures.push(error)
  }
  if (process.env["CI"]) throw new AggregateError(failures, "no Chromium starts here; set CHROMIUM_PATH to one")
  console.warn("No Chromium starts here, so what needs one is left out; set CHROMIUM_PATH to run it.")
  return undefined
}
