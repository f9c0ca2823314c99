import { expect, it } from "vitest"
import { faultsOf } from "./accessibility.js"
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
    await ada.enter("eve@example.com")
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
    const [ada, bob] = await Promise.all([enter("grace@example.com"), enter("bob@example.com")])
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

  it("leads to other rooms by Ctrl-K and arrows, with who is there", async () => {
    const [ada, bob] = await Promise.all([enter("ada@example.com"), enter("bob@example.com")])
    await bob.join("orchard")
    await bob.inRoom("orchard")
    await bob.say("Apples")
    await bob.message("Apples").waitFor()
    const { page } = ada
    const { keyboard } = page
    const input = page.getByRole("combobox", { name: "Go to a room" })
    const active = async (): Promise<string | null> => {
      const id = await input.getAttribute("aria-activedescendant")
      return page.locator(`[id="${id}"]`).locator(".name").textContent()
    }
    await keyboard.press("Control+k")
    await input.waitFor()
    const orchard = page.getByRole("option", { name: "orchard" })
    await orchard.getByText("bob there").waitFor()
    expect([await active(), await page.locator("[role=option][aria-selected=true]").count()]).toEqual(["lobby", 1])
    await keyboard.press("ArrowUp")
    expect(await active()).not.toBe("lobby")
    await keyboard.press("ArrowDown")
    expect(await active()).toBe("lobby")
    await keyboard.type("orch")
    await page.locator("#switcher-status", { hasText: "2 rooms." }).waitFor()
    expect(await active()).toBe("orchard")
    await keyboard.press("ArrowDown")
    expect(await active()).toBe("orch")
    await keyboard.press("Escape")
    await input.waitFor({ state: "hidden" })
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("composer-text")
    await page.getByRole("button", { name: "Browse rooms" }).click()
    await orchard.click()
    await ada.inRoom("orchard")
    await ada.message("Apples").waitFor()
    await keyboard.press("Control+k")
    await keyboard.type("Brand New")
    await keyboard.press("Enter")
    await ada.inRoom("brand-new")
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("composer-text")
  })

  it.each(["light", "dark"] as const)("has no faults for everybody in a %s scheme", async (colorScheme) => {
    const options = { colorScheme, bypassCSP: true, reducedMotion: "reduce" } as const
    const ada = await enter("cay@example.com", options)
    const bob = await enter("bob@example.com")
    await ada.join("veranda")
    await ada.inRoom("veranda")
    await bob.say("@cay, look at `this`")
    await ada.room("lobby").locator(".mentions", { hasText: "@" }).waitFor()
    expect(await faultsOf(ada.page)).toEqual([])
    await ada.room("lobby").click()
    await ada.page.locator(".mentions-me").first().waitFor()
    await bob.page.locator("#composer-text").pressSequentially("more")
    await typing(ada, "bob is typing…")
    expect(await faultsOf(ada.page)).toEqual([])
    await ada.page.keyboard.press("Control+k")
    await ada.page.getByRole("option", { name: "veranda" }).waitFor()
    expect(await faultsOf(ada.page)).toEqual([])
    await ada.page.goto(new URL("/nothing", ada.page.url()).href)
    await ada.page.getByRole("heading", { name: "There is nothing here" }).waitFor()
    expect(await faultsOf(ada.page)).toEqual([])
    await ada.page.getByRole("link", { name: "Go to the chat" }).click()
    await ada.light("Connected")
    // The browser reports the 404.
    ada.complaints.length = 0
  })
})
