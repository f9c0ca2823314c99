import type { BrowserContextOptions } from "playwright-core"
import { describe, expect, it } from "vitest"
import { faultsOf } from "./accessibility.js"
import { pictures } from "./pictures.js"
import { describeInBrowser } from "./stage.js"
import type { Visitor } from "./visitor.js"

const picture = pictures()

await describeInBrowser("the chat's page, for everybody,", ({ chat, come, enter }) => {
  it("can be used by keyboard alone", async () => {
    const ada = await come()
    const { page } = ada
    const { keyboard } = page
    const focus = (): Promise<string> =>
      page.evaluate(() => {
        const focused = document.activeElement
        return focused === document.body ? "" : focused?.id || focused?.textContent?.trim() || ""
      })
    const tabTo = async (target: string, key = "Tab"): Promise<void> => {
      const passed: string[] = []
      while ((await focus()) !== target) {
        passed.push(await focus())
        if (passed.length > 40) throw new Error(`no way to ${target} by ${key}: ${passed.join(", ")}`)
        await keyboard.press(key)
      }
    }
    await page.goto(chat.url)
    await page.getByLabel("Mail address").waitFor()
    await keyboard.type("ada@example.com")
    await keyboard.press("Enter")
    await page.getByRole("heading", { name: "Look where the server runs" }).waitFor()
    await page.goto(await chat.linkFor("ada@example.com"))
    await tabTo("Log in")
    await keyboard.press("Enter")
    await ada.inRoom("lobby")
    expect(await focus()).toBe("composer-text")
    await keyboard.type("By hand")
    await keyboard.press("Shift+Enter")
    await keyboard.type("and on two lines")
    await keyboard.press("Enter")
    await ada.message("By hand\nand on two lines").waitFor()
    await tabTo("join-name", "Shift+Tab")
    await keyboard.type("cellar")
    await keyboard.press("Enter")
    await ada.inRoom("cellar")
    expect(await focus()).toBe("composer-text")
    await tabTo("lobby", "Shift+Tab")
    await keyboard.press("Enter")
    await ada.inRoom("lobby")
    await tabTo("edit-name", "Shift+Tab")
    await keyboard.press("Enter")
    expect(await focus()).toBe("name-input")
    await keyboard.press("Escape")
    expect(await focus()).toBe("edit-name")
    await tabTo("log", "Tab")
    const outline = await page.locator("#log").evaluate((log) => getComputedStyle(log).outlineStyle)
    expect(outline).toBe("solid")
    await tabTo("show-socket", "Shift+Tab")
    await keyboard.press("Enter")
    const panel = page.getByRole("region", { name: "Socket" })
    await panel.getByText("2 rooms on one socket.").waitFor()
    await keyboard.press("Tab")
    await panel.getByRole("radio", { name: "JSON" }).and(page.locator(":focus")).waitFor()
    await keyboard.press("Escape")
    await panel.waitFor({ state: "hidden" })
    expect(await focus()).toBe("show-socket")
    await keyboard.press("Enter")
    await panel.waitFor()
    // Past both choices of the panel, and out of it.
    await tabTo("copy-link")
    await panel.waitFor({ state: "hidden" })
    await tabTo("leave")
    await keyboard.press("Enter")
    await page.getByRole("heading", { name: "Leave lobby?" }).waitFor()
    await keyboard.press("Enter")
    await ada.inRoom("cellar")
  })

  it("fits a phone, with the rooms and the people a tap away", async () => {
    const ada = await enter("ada@example.com", {
      viewport: { width: 360, height: 640 },
      reducedMotion: "reduce",
      hasTouch: true,
      isMobile: true,
    })
    const { page } = ada
    const log = page.locator("#log")
    const ring = (): Promise<string> => log.evaluate((log) => getComputedStyle(log).outlineStyle)
    await page.locator("#log:focus").waitFor()
    expect(await ring()).toBe("none")
    // A keyboard shows the ring, on a phone too.
    await page.keyboard.press("Tab")
    await page.keyboard.press("Shift+Tab")
    await page.locator("#log:focus").waitFor()
    expect(await ring()).toBe("solid")
    await page.locator("#composer-text").fill("x".repeat(300))
    await page.locator("#composer-text").press("Enter")
    await ada.message("xxx").waitFor()
    // Phones zoom in on a field with smaller letters.
    expect(await page.locator("#composer-text").evaluate((text) => getComputedStyle(text).fontSize)).toBe("16px")
    const overflow = (): Promise<number> => page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
    expect(await overflow()).toBe(0)
    await page.getByRole("button", { name: "Show the list of rooms" }).tap()
    await page.getByRole("navigation", { name: "Rooms" }).waitFor()
    // The room under the open panel is out of reach.
    expect(await page.locator("#room").evaluate((room: HTMLElement) => room.inert)).toBe(true)
    await picture(page, "chat-phone-rooms")
    await page.keyboard.press("Escape")
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("show-rooms")
    await page.getByRole("button", { name: "Show the list of rooms" }).tap()
    await ada.room("lobby").tap()
    await ada.inRoom("lobby")
    // The focus is on the messages, so that no keyboard covers them.
    await page.locator("#log:focus").waitFor()
    await page.getByRole("button", { name: "here; show who" }).tap()
    await ada.person("ada").waitFor()
    await page.getByRole("button", { name: "Close the list of people" }).tap()
    expect(await overflow()).toBe(0)
    await picture(page, "chat-phone")
    await page.getByRole("button", { name: "show the socket" }).tap()
    await page.getByRole("radio", { name: "MessagePack" }).tap()
    await picture(page, "chat-phone-socket")
    expect(await overflow()).toBe(0)
    await page.locator("#composer-text").tap()
    await page.getByRole("region", { name: "Socket" }).waitFor({ state: "hidden" })
    expect(await page.getByLabel("MessagePack").isChecked()).toBe(true)
  })

  describe.each(["light", "dark"] as const)("in a %s scheme", (colorScheme) => {
    const faults = ({ page }: Visitor): Promise<string[]> => faultsOf(page)

    // The policy of the page would forbid axe's script.
    const options: BrowserContextOptions = { colorScheme, bypassCSP: true, reducedMotion: "reduce" }

    it("has names, landmarks, an order and contrast for everybody", async () => {
      const ada = await come(options)
      await ada.page.goto(chat.url)
      await ada.page.getByLabel("Mail address").waitFor()
      expect(await faults(ada)).toEqual([])
      await picture(ada.page, `chat-login-${colorScheme}`)
      await ada.page.goto(`${chat.url}/login?token=of-nobody`)
      expect(await faults(ada)).toEqual([])
      await picture(ada.page, `chat-link-${colorScheme}`)
      await ada.logIn("ada@example.com")
      await ada.say("Something to read")
      await ada.message("Something to read").last().waitFor()
      expect(await faults(ada)).toEqual([])
      await picture(ada.page, `chat-room-${colorScheme}`)
      await ada.page.getByRole("button", { name: "Connected: show the socket" }).click()
      expect(await faults(ada)).toEqual([])
      await picture(ada.page, `chat-socket-${colorScheme}`)
      await ada.page.getByRole("button", { name: "Change your display name" }).click()
      await ada.join("no/room")
      await ada.page.getByText("You cannot enter this room").waitFor()
      expect(await faults(ada)).toEqual([])
      await ada.room("lobby").click()
      await chat.kill()
      await ada.light(/^Reconnecting in/)
      await ada.say("Waiting")
      await ada.outgoing("waiting").waitFor()
      expect(await faults(ada)).toEqual([])
      await picture(ada.page, `chat-reconnecting-${colorScheme}`)
      await chat.start()
      await ada.light("Connected")
    })

    it("has the same on a phone", async () => {
      const ada = await enter("ada@example.com", { ...options, viewport: { width: 360, height: 740 } })
      expect(await faults(ada)).toEqual([])
      for (const panel of ["rooms", "people"]) {
        await ada.page.locator(`#show-${panel}`).click()
        expect(await faults(ada)).toEqual([])
        await ada.page.keyboard.press("Escape")
      }
      await ada.page.getByRole("button", { name: "show the socket" }).click()
      expect(await faults(ada)).toEqual([])
      await picture(ada.page, `chat-phone-socket-${colorScheme}`)
    })

    it("is in the colours of the scheme", async () => {
      const ada = await enter("ada@example.com", { colorScheme })
      const brightness = await ada.page.locator("#room").evaluate((room) => {
        const [red = 0, green = 0, blue = 0] = getComputedStyle(room).backgroundColor.match(/\d+/g)?.map(Number) ?? []
        return (red + green + blue) / 3
      })
      expect(brightness > 127).toBe(colorScheme === "light")
    })
  })
})
