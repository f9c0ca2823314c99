import type { BrowserContextOptions } from "playwright-core"
import { afterAll, afterEach, beforeEach, describe, expect } from "vitest"
import { ChatProcess } from "../support/chat-process.js"
import { launchChromium } from "../support/chromium.js"
import { Visitor } from "./visitor.js"

/** A chat server, and the browsers of its visitors. */
export interface Stage {
  readonly chat: ChatProcess
  /** Opens the page in a new browser context. */
  come(options?: BrowserContextOptions): Promise<Visitor>
  /** Opens the page in a new browser context, logged in. */
  enter(email: string, options?: BrowserContextOptions): Promise<Visitor>
}

/** Describes the chat in a real browser, if there is one. The browser must not have any complaint. */
export async function describeInBrowser(what: string, tests: (stage: Stage) => void): Promise<void> {
  const browser = await launchChromium()
  describe.skipIf(!browser)(what, () => {
    const chat = new ChatProcess()
    const visitors: Visitor[] = []
    // A test that failed may have killed the server without starting it again.
    beforeEach(() => chat.start())
    afterEach(async () => {
      const complaints = visitors.flatMap((visitor) => visitor.complaints)
      await Promise.all(visitors.splice(0).map(({ context }) => context.close()))
      expect(complaints).toEqual([])
    })
    afterAll(async () => {
      await browser?.close()
      await chat.destroy()
    })
    const come = async (options?: BrowserContextOptions): Promise<Visitor> => {
      if (!browser) throw new Error("there is no browser")
      const visitor = await Visitor.come(browser, chat, options)
      visitors.push(visitor)
      return visitor
    }
    const enter = async (email: string, options?: BrowserContextOptions): Promise<Visitor> => {
      const visitor = await come(options)
      await visitor.enter(email)
      return visitor
    }
    tests({ chat, come, enter })
  })
}
