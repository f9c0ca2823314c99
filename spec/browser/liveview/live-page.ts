import type { Browser, Page } from "playwright-core"
import { openPage } from "../../support/chromium.js"
import type { Action, End, Wait } from "../../support/liveview/recording.js"
import type { Replay } from "../../support/liveview/replay.js"
import { complaintsOf } from "../complaints.js"

/** The notes of the page's script; see `page.script` of a recording. */
declare global {
  var seen: string[]
}

/** A page in a browser that plays recordings one after the other. A new page for each would take twice the time. */
export class LivePage {
  readonly #page: Page
  #origin = ""
  /** The complaints of the browser since the last recording began. */
  readonly complaints: string[] = []

  private constructor(page: Page) {
    this.#page = page
    // The recorded server is as old as the older of the two versions that run against it.
    complaintsOf(page, { expected: /^LiveView asset version mismatch/, list: this.complaints })
  }

  static async open(browser: Browser): Promise<LivePage> {
    return new LivePage(await openPage(browser))
  }

  /** Does an action on the page, and resolves when it is done. */
  readonly perform = async (action: Action): Promise<void> => {
    const page = this.#page
    switch (action.type) {
      case "navigate":
        await page.goto(this.#origin + action.path, { waitUntil: "commit" })
        return
      case "click":
        return page.locator(action.selector).click()
      case "submit":
        return page.locator(action.selector).evaluate((form: HTMLFormElement) => form.requestSubmit())
      case "fill":
        return page.locator(action.selector).fill(action.value)
      case "setInputFiles": {
        const files = action.files.map(({ base64, ...file }) => ({ ...file, buffer: Buffer.from(base64, "base64") }))
        return page.locator(action.selector).setInputFiles(files)
      }
      case "evaluate":
        await page.evaluate(action.script)
        return
      case "back":
        return page.evaluate(() => history.back())
      case "wait":
        await page.waitForFunction(holds, action)
        return
      case "none":
    }
  }

  /** Plays a whole recording. If it fails, the error has the complaints of the browser. */
  async play(replay: Replay): Promise<void> {
    this.#origin = replay.url
    this.complaints.length = 0
    try {
      await replay.run(this.perform)
    } catch (error) {
      throw new Error([String(error), ...this.complaints].join("\n"), { cause: error })
    }
  }

  /** Leaves the page before its server ends. */
  async leave(): Promise<void> {
    await this.#page.goto("about:blank")
  }

  /** The state of the page now, with the values of these inputs. */
  end(inputs: readonly string[]): Promise<End> {
    return this.#page.evaluate((inputs) => {
      const main = document.querySelector("[data-phx-main]")
      const html = (main?.innerHTML ?? "")
        .replaceAll(/ data-phx-(session|static)="[^"]*"/g, "")
        .replaceAll(/phx-[A-Z][A-Za-z0-9_-]{15,}/g, "phx-ID")
        .replaceAll(/(name="_csrf_token"[^>]* value=)"[^"]*"/g, '$1"CSRF"')
        .replaceAll(/\s+/g, " ")
        .trim()
      const valueOf = (input: string): string => document.querySelector<HTMLInputElement>(input)?.value ?? "none"
      return {
        title: document.title,
        url: location.pathname + location.search,
        class: main?.className ?? "",
        html,
        values: Object.fromEntries(inputs.map((input) => [input, valueOf(input)])),
        events: globalThis.seen,
      }
    }, inputs)
  }

  async close(): Promise<void> {
    await this.#page.context().close()
  }
}

// This function runs on the page.
function holds({ path, selector, text, count, event }: Wait): boolean {
  const found = selector === undefined ? [] : [...document.querySelectorAll(selector)]
  return (
    (path === undefined || location.pathname + location.search === path) &&
    (selector === undefined || found.length > 0) &&
    (text === undefined || found[0]?.textContent?.trim() === text) &&
    (count === undefined || found.length === count) &&
    (event === undefined || globalThis.seen.includes(event))
  )
}
