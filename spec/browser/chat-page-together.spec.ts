import { expect, it } from "vitest"
import { describeInBrowser } from "./stage.js"
import type { Visitor } from "./visitor.js"

const typing = ({ page }: Visitor, words: string | RegExp): Promise<void> =>
  page.locator("#typing", { hasText: words }).waitFor()

await describeInBrowser("the chat's page, with others,", ({ come, enter }) => {
  it("shows who is typing until the message is there, and tells the server rarely", async () => {
    const ada = await come()
    const signs: string[] = []
    ada.page.on("websocket", (socket) =>
      socket.on("framesent", ({ payload }) => {
        const text = String(payload)
        if (text.includes('"typing"')) signs.push(text)
      }),
    )
    await ada.enter("ada@example.com")
    const bob = await enter("bob@example.com")
    await ada.rename("Ada <b>Lovelace</b>")
    await bob.person("Ada <b>Lovelace</b>").waitFor()
    await ada.page.locator("#composer-text").evaluate((text: HTMLTextAreaElement) => {
      for (const letter of "Hello, Bob. How are you?") {
        text.value += letter
        text.dispatchEvent(new Event("input", { bubbles: true }))
      }
    })
    await typing(bob, "Ada <b>Lovelace</b> is typing…")
    // A screen reader is told once, and the words themselves are in no live region.
    await bob.page.locator("#announcer", { hasText: "Ada <b>Lovelace</b> is typing…" }).waitFor({ state: "attached" })
    expect(await bob.page.locator("#typing").evaluate((words) => words.closest("[aria-live], [role]")?.id)).toBe(
      undefined,
    )
    expect(signs).toHaveLength(1)
    await ada.page.locator("#composer-text").press("Enter")
    await bob.message("How are you?").waitFor()
    await typing(bob, /^$/)
    expect(await ada.page.locator("#typing").textContent()).toBe("")
  })
})
