import type { TestProject } from "vitest/node"
import { launchChromium } from "../support/chromium.js"
import { MUST_HAVE_ALL } from "../support/machine.js"
import { abilitiesOf, type Abilities } from "./abilities.js"

declare module "vitest" {
  interface ProvidedContext {
    /** The abilities of the browser of this run; `undefined` without a browser. */
    browser: Abilities | undefined
  }
}

const INSTALL = "install a whole browser (apt-get install chromium), or set CHROMIUM_PATH to one"

/** Prints a line of text about specs that cannot run and packages to install; throws in CI, where all have to run. */
function report(line: string): void {
  if (MUST_HAVE_ALL) throw new Error(`In CI every spec has to run. ${line}`)
  console.warn(line)
}

/** Finds the abilities of this machine's browser once, before the specs. */
export default async function checkBrowser(project: TestProject): Promise<void> {
  const browser = await launchChromium({ ignoreDefaultArgs: ["--disable-back-forward-cache"] })
  if (!browser) {
    project.provide("browser", undefined)
    return report(`No Chromium starts, so all specs in a browser are skipped: ${INSTALL}.`)
  }
  const abilities = await abilitiesOf(browser)
  const version = browser.version()
  await browser.close()
  project.provide("browser", abilities)
  const missing = [
    ...(abilities.hides ? [] : ["hide a page"]),
    ...(abilities.freezes ? [] : ["freeze a page"]),
    ...(abilities.caches ? [] : ["keep a page in the back/forward cache"]),
  ]
  if (missing.length > 0)
    report(`Chromium ${version} cannot ${missing.join(" nor ")}, so the specs about that are skipped: ${INSTALL}.`)
}
