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

  it("shows no address to anybody but its owner, and tells two people of one name apart", async () => {
    const ada = await enter("ada@example.com")
    await ada.say("Said by one Ada")
    const [other, bob] = [await enter("ada@example.org"), await enter("bob@example.com")]
    await other.say("Said by another Ada")
    await bob.message("Said by another Ada").waitFor()
    for (const visitor of [ada, other]) await visitor.message("Said by another Ada").waitFor()
    await bob.page.locator("#people-list li", { hasText: "ada" }).nth(1).waitFor()
    const marks = [bob.message("Said by one Ada"), bob.message("Said by another Ada")].map((said) =>
      said.locator(".beside").textContent(),
    )
    const [one, another] = await Promise.all(marks)
    expect([one, another]).toEqual([expect.stringMatching(/^#\w{4}$/), expect.stringMatching(/^#\w{4}$/)])
    expect(one).not.toBe(another)
    await ada.rename("Countess")
    await bob.person("Countess").waitFor()
    await bob.message("Said by another Ada").locator(".beside", { hasText: /^$/ }).waitFor({ state: "attached" })
    for (const visitor of [ada, other, bob]) {
      const own = (await visitor.page.locator("#own-email").textContent()) ?? ""
      const shown = await visitor.page.locator("#chat").evaluate((chat) => chat.outerHTML)
      expect([...new Set(shown.match(/\w+@example\.\w+/g))]).toEqual([own])
    }
  })

  it("has a badge for messages that mention a person, also after a reload", async () => {
    const [ada, bob] = await Promise.all([enter("ada@example.com"), enter("bob@example.com")])
    await ada.rename("Ada Lovelace")
    for (const visitor of [ada, bob]) {
      await visitor.join("terrace")
      await visitor.inRoom("terrace")
    }
    await bob.say("Seen by Ada")
    await ada.message("Seen by Ada").waitFor()
    await ada.room("lobby").click()
    await ada.inRoom("lobby")
    await bob.say("nothing for anybody")
    await bob.page.getByRole("button", { name: /Ada Lovelace\s*Mention in the message/ }).click()
    expect(await bob.page.evaluate(() => document.activeElement?.id)).toBe("composer-text")
    expect(await bob.page.locator("#composer-text").inputValue()).toBe("@Ada-Lovelace ")
    await bob.page.keyboard.type("look")
    await bob.page.keyboard.press("Enter")
    await ada.room("terrace").locator(".mentions", { hasText: "@1 mention of you" }).waitFor()
    await ada.page.locator("#announcer", { hasText: "bob mentioned you in terrace." }).waitFor({ state: "attached" })
    await ada.page.reload()
    await ada.inRoom("lobby")
    await ada.room("terrace").locator(".mentions", { hasText: "@1 mention of you" }).waitFor()
    await ada.room("terrace").locator(".unread", { hasText: "2 unread" }).waitFor()
    await ada.room("terrace").click()
    await ada.page.locator(".mentions-me .mention", { hasText: "@Ada-Lovelace" }).waitFor()
    expect(await ada.room("terrace").locator(".mentions").textContent()).toBe("")
    expect(await bob.page.locator(".mentions-me").count()).toBe(0)
  })
})
