import type { Browser } from "playwright-core"
import { afterAll, describe, expect, it } from "vitest"
import { launchChromium } from "../support/chromium.js"
import { complaintsOf } from "./complaints.js"
import { pageScript } from "./page-script.js"

declare const converse: () => Promise<object>

const browser: Browser | undefined = await launchChromium()
afterAll(() => browser?.close())

describe.skipIf(!browser)("the core of an endpoint in a page", () => {
  it("serves two clients of the same page, with nothing of Node", async () => {
    const page = await (browser as Browser).newPage()
    const { list: complaints } = complaintsOf(page, { types: ["log", "info", "debug", "warning", "error"] })
    await page.addScriptTag({ content: await pageScript("spec/browser/core-page.ts") })
    const seen = await page.evaluate(() => converse())
    expect(complaints).toEqual([])
    const params = { first: true }
    expect(seen).toMatchObject({
      joined: [
        { you: "ada", token: "token of ada", params },
        { you: "bob", token: "token of bob", params },
      ],
      said: [
        { to: "ada", by: "bob", text: "hello" },
        { to: "bob", by: "bob", text: "hello" },
      ],
      answers: {
        size: { bytes: 3 },
        later: { after: "a while" },
        history: { messages: [{ event: "said", payload: { by: "bob", text: "hello" } }] },
        count: 2,
        here: ["ada", "bob"],
      },
      closed: [
        { id: "user:ada", code: 1012 },
        { id: "user:bob", code: 1012 },
      ],
      open: 0,
    })
  })
})
