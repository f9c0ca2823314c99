import type { Page } from "playwright-core"
import { describe, expect, it } from "vitest"
import { openPage } from "../support/chromium.js"
import { complaintsOf, SERVER_GONE } from "./complaints.js"
import { exampleStage } from "./example-stage.js"

const stage = exampleStage("react-chat/server.ts", /^React chat at http:\/\/127\.0\.0\.1:(\d+)\/$/)

describe("the example of a chat with React", () => {
  it("shows who is there and what they say, changes rooms, and comes back after the server was killed", async (context) => {
    const { browser } = stage
    if (browser === undefined) return context.skip("no Chromium")
    const { program, port } = await stage.serve()
    const complaints: string[] = []
    const come = async (name: string): Promise<Page> => {
      const page = await openPage(browser)
      complaintsOf(page, { types: ["error"], expected: SERVER_GONE, list: complaints })
      await page.goto(`http://127.0.0.1:${port}/`)
      await page.getByLabel("Your name").fill(name)
      await page.getByRole("button", { name: "Come in" }).click()
      await page
        .getByRole("status")
        .filter({ hasText: /^Connected$/ })
        .waitFor()
      return page
    }
    const say = async (page: Page, text: string): Promise<void> => {
      await page.getByLabel("Message", { exact: true }).fill(text)
      await page.getByRole("button", { name: "Send" }).click()
    }
    const message = (page: Page, text: string): Promise<void> =>
      page.getByRole("list", { name: "Messages" }).getByText(text).waitFor()
    const ada = await come("Ada")
    const bob = await come("Bob")
    await ada.getByRole("list", { name: "Here now" }).getByText("Bob").waitFor()
    await say(bob, "hello, Ada")
    await message(ada, "hello, Ada")
    await say(bob, "x".repeat(501))
    await bob.getByRole("alert").filter({ hasText: "new_msg" }).waitFor()

    await ada.getByRole("button", { name: "garden" }).click()
    await ada.getByRole("region", { name: "room:garden" }).waitFor()
    await bob.getByRole("list", { name: "Here now" }).getByText("Ada").waitFor({ state: "detached" })
    await say(ada, "nobody is here")
    await message(ada, "nobody is here")
    await ada.getByRole("button", { name: "lobby" }).click()
    await message(ada, "hello, Ada")

    await program.kill("SIGKILL")
    await ada.getByRole("status").filter({ hasText: "Connection lost" }).waitFor()
    await stage.serve(port)
    await ada
      .getByRole("status")
      .filter({ hasText: /^Connected$/ })
      .waitFor()
    await bob
      .getByRole("status")
      .filter({ hasText: /^Connected$/ })
      .waitFor()
    await ada.getByRole("list", { name: "Here now" }).getByText("Bob").waitFor()
    await say(ada, "back again")
    await message(bob, "back again")
    expect(complaints).toEqual([])
    await Promise.all([ada.close(), bob.close()])
  })
})
