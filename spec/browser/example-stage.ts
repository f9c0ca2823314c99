import type { Browser } from "playwright-core"
import { afterAll, afterEach, beforeAll } from "vitest"
import { launchChromium } from "../support/chromium.js"
import { freePort } from "../support/free-port.js"
import { example, type Program } from "../support/program.js"

/** An example that serves a page, and a browser for the page. */
export interface ExampleStage {
  /** `undefined` without a Chromium. */
  readonly browser: Browser | undefined
  /** Starts the example's server, on any free port unless one is given. The end of each spec stops it. */
  serve(port?: string): Promise<{ program: Program; port: string }>
}

/**
 * Sets up the specs of one file.
 *
 * @param listens what the server prints when it listens
 */
export function exampleStage(script: string, listens: RegExp, ...args: string[]): ExampleStage {
  let browser: Browser | undefined
  const running: Program[] = []
  beforeAll(async () => {
    browser = await launchChromium()
  })
  afterAll(() => browser?.close())
  afterEach(async () => {
    await Promise.all(running.splice(0).map((program) => program.kill()))
  })
  return {
    get browser() {
      return browser
    },
    async serve(given) {
      const port = given ?? String(await freePort())
      const program = example(script, ...args, "--port", port)
      running.push(program)
      await program.printed(listens)
      return { program, port }
    },
  }
}
