import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type * as Axe from "axe-core"
import type { Browser, BrowserContextOptions } from "playwright-core"
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest"
import { ChatProcess } from "../support/chat-process.js"
import { launchChromium } from "../support/chromium.js"
import { Visitor } from "./visitor.js"

const browser = await launchChromium()
const chat = new ChatProcess()
const visitors: Visitor[] = []

/** Where pictures of the page go: into a folder that is named, or one that goes away again. */
const pictures = process.env["SCREENSHOTS"] ?? mkdtempSync(join(tmpdir(), "rookery-pictures-"))

describe.skipIf(!browser)("the chat's page", () => {
  // A test that killed it has not always come to starting it again.
  beforeEach(() => chat.start())
  afterEach(async () => {
    const complaints = visitors.flatMap((visitor) => visitor.complaints)
    await Promise.all(visitors.splice(0).map(({ context }) => context.close()))
    expect(complaints).toEqual([])
  })
  afterAll(async () => {
    await browser?.close()
    await chat.destroy()
    if (process.env["SCREENSHOTS"] === undefined) rmSync(pictures, { recursive: true })
  })

  const launched = (): Browser => {
    if (!browser) throw new Error("there is no browser")
    return browser
  }
  const come = async (options?: BrowserContextOptions): Promise<Visitor> => {
    const visitor = await Visitor.come(launched(), chat, options)
    visitors.push(visitor)
    return visitor
  }
  const enter = async (email: string, options?: BrowserContextOptions): Promise<Visitor> => {
    const visitor = await come(options)
    await visitor.logIn(email)
    return visitor
  }

  it("lets in who opens the link that was mailed, and nobody else", async () => {
    const { page } = await come()
    const [stranger] = await Promise.all([come(), page.goto(chat.url)])
    await page.getByLabel("Mail address").fill("ada")
    await page.getByRole("button", { name: "Send me a link" }).click()
    await page.getByRole("alert").getByText("Type a whole address").waitFor()
    const ada = visitors[0]
    await ada?.logIn("ada@example.com")
    expect(new URL(page.url()).pathname).toBe("/")
    expect(await page.locator("#own-name").textContent()).toBe("ada@example.com")
    await stranger.page.goto(chat.url)
    await stranger.page.getByLabel("Mail address").waitFor()
    expect(await stranger.page.locator("#chat").isVisible()).toBe(false)
  })

  it("says so when the server sends no link", async () => {
    const { page } = await come()
    await page.goto(chat.url)
    await page.getByLabel("Mail address").fill("flood@example.com")
    await page.keyboard.press("Enter")
    await page.getByRole("alert").getByText("Too many links were asked for; wait a while.").waitFor()
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("email")
  })

  it("lets two people talk, each with a serializer of their own", async () => {
    const [ada, bob] = await Promise.all([enter("ada@example.com"), enter("bob@example.com")])
    await bob.page.getByLabel("MessagePack").check()
    await bob.light("Connected")
    await ada.say("Hello, Bob")
    await bob.message("Hello, Bob").waitFor()
    await bob.say("Hello, Ada")
    await ada.message("Hello, Ada").waitFor()
    expect(await ada.message("Hello, Bob").count()).toBe(1)
    expect(await ada.outgoing("sending").count()).toBe(0)
    const time = ada.message("Hello, Ada").locator("time")
    expect(Date.parse((await time.getAttribute("datetime")) ?? "")).toBeGreaterThan(Date.now() - 600_000)
    expect(await time.getAttribute("title")).toMatch(/\d{4}/)
    expect(await bob.bytes("msgpack-sent")).toBeGreaterThan(0)
  })

  it("shows who comes, who goes and what they are called", async () => {
    const ada = await enter("ada@example.com")
    const bob = await enter("bob@example.com")
    await ada.person("bob@example.com").waitFor()
    await bob.say("It is me")
    await bob.page.getByRole("button", { name: "Change your display name" }).click()
    await bob.page.getByLabel("Display name").fill("Robert")
    await bob.page.keyboard.press("Enter")
    await ada.person("Robert").waitFor()
    // What was said before is by the same person.
    expect(await ada.message("It is me").last().locator("strong").textContent()).toBe("Robert")
    await bob.context.close()
    await ada.person("Robert").waitFor({ state: "detached" })
  })

  it("has many rooms on one socket, with what is unread in each", async () => {
    const sockets: string[] = []
    const ada = await come()
    ada.page.on("websocket", (socket) => sockets.push(socket.url()))
    await ada.logIn("ada@example.com")
    const bob = await enter("bob@example.com")
    for (const visitor of [ada, bob]) {
      await visitor.join("garden")
      await visitor.inRoom("garden")
    }
    await ada.room("lobby").click()
    await ada.inRoom("lobby")
    await bob.say("One")
    await bob.say("Two")
    await ada.room("garden").locator(".unread", { hasText: "2 unread" }).waitFor()
    expect(await ada.page.title()).toBe("(2) lobby · Rookery")
    await ada.room("garden").click()
    await ada.message("Two").waitFor()
    expect(await ada.room("garden").locator(".unread").textContent()).toBe("")
    expect(new URL(ada.page.url()).hash).toBe("#garden")
    await ada.page.goBack()
    await ada.inRoom("lobby")
    await ada.room("garden").click()
    await ada.page.getByRole("button", { name: "Leave this room" }).click()
    await ada.inRoom("lobby")
    expect(await ada.room("garden").count()).toBe(0)
    await bob.person("ada@example.com").waitFor({ state: "detached" })
    expect(sockets).toHaveLength(1)
  })

  it("says why a room is closed", async () => {
    const ada = await enter("ada@example.com")
    await ada.join("attic")
    await ada.page.getByText("This room is closed.").waitFor()
    expect(await ada.page.locator("#composer").isVisible()).toBe(false)
  })

  it("comes back to the rooms that were joined, as they were left", async () => {
    const ada = await enter("ada@example.com")
    await ada.join("garden")
    await ada.inRoom("garden")
    await ada.page.reload()
    await ada.inRoom("garden")
    expect(await ada.page.locator("#room-list button").count()).toBe(2)
  })

  it("shows the last messages, and earlier ones when they are asked for", async () => {
    const ada = await enter("ada@example.com")
    await ada.join("archive")
    await ada.inRoom("archive")
    for (let n = 1; n <= 70; n++) await ada.say(`Entry ${n}.`)
    await ada.message("Entry 70.").waitFor()
    await ada.page.reload()
    await ada.message("Entry 21.").waitFor()
    expect(await ada.message("Entry 20.").count()).toBe(0)
    await ada.page.getByRole("button", { name: "Show earlier messages" }).click()
    await ada.message("Entry 1.").waitFor()
    const all = await ada.page.locator(".message .text").allTextContents()
    expect(all).toEqual(Array.from({ length: 70 }, (_, at) => `Entry ${at + 1}.`))
  })

  it("shows markup as the text it is", async () => {
    const [ada, bob] = await Promise.all([enter("ada@example.com"), enter("bob@example.com")])
    const hostile = [
      `<script>window.hacked = 1</script>`,
      `<img src="/nowhere.svg" onerror="window.hacked = 2">`,
      `</p></li><svg onload="window.hacked = 3">`,
      `javascript:alert(4)`,
    ]
    for (const text of hostile) await ada.say(text)
    for (const text of hostile) {
      await bob.message(text).waitFor()
      expect(
        await bob
          .message(text)
          .locator(".text")
          .evaluate((said) => said.children.length),
      ).toBe(0)
    }
    const name = `<img src=x onerror=alert(5)>`
    await ada.page.getByRole("button", { name: "Change your display name" }).click()
    await ada.page.getByLabel("Display name").fill(name)
    await ada.page.keyboard.press("Enter")
    await bob.person(name).waitFor()
    await ada.page.reload()
    await ada.message(hostile[0] ?? "").waitFor()
    for (const { page } of [ada, bob]) {
      expect(await page.evaluate(() => "hacked" in window)).toBe(false)
      expect(await page.locator("#chat :is(script, img)").count()).toBe(0)
    }
  })

  it("counts what each serializer carries, and MessagePack carries less", async () => {
    const ada = await enter("ada@example.com")
    await ada.join("scales")
    await ada.inRoom("scales")
    for (let n = 1; n <= 20; n++) await ada.say(`Weight ${n}.`)
    await ada.message("Weight 20.").waitFor()
    // From here each of the two does the same: it joins two rooms.
    await ada.page.reload()
    await ada.message("Weight 20.").waitFor()
    await ada.room("lobby").click()
    await ada.inRoom("lobby")
    const json = { sent: await ada.bytes("json-sent"), received: await ada.bytes("json-received") }
    expect(await ada.bytes("msgpack-received")).toBe(0)
    const opened = ada.page.waitForEvent("websocket", (socket) => socket.url().includes("vsn=3.0.0"))
    await ada.page.getByLabel("MessagePack").check()
    await opened
    await ada.light("Connected")
    await ada.room("scales").click()
    await expect.poll(() => ada.bytes("msgpack-received")).toBeGreaterThan(json.received / 2)
    const msgpack = { sent: await ada.bytes("msgpack-sent"), received: await ada.bytes("msgpack-received") }
    expect(msgpack.sent).toBeLessThan(json.sent)
    expect(msgpack.received).toBeLessThan(json.received)
    await ada.say("By other means")
    await ada.message("By other means").waitFor()
    // It is remembered.
    await ada.page.reload()
    await ada.inRoom("scales")
    expect(await ada.page.getByLabel("MessagePack").isChecked()).toBe(true)
    expect(await ada.bytes("json-sent")).toBe(0)
  })

  it("comes back by itself after the server was killed, with session, history and what was written", async () => {
    const [ada, bob] = await Promise.all([enter("ada@example.com"), enter("bob@example.com")])
    await ada.say("Before the fall")
    await bob.message("Before the fall").waitFor()
    await chat.kill()
    await ada.light(/^Reconnecting in \d s$/)
    await ada.say("Into the dark")
    await ada.outgoing("waiting").waitFor()
    await chat.start()
    await Promise.all([ada.light("Connected"), bob.light("Connected")])
    await bob.message("Into the dark").waitFor()
    await ada.message("Into the dark").waitFor()
    expect(await ada.outgoing("waiting").count()).toBe(0)
    expect(await ada.message("Before the fall").count()).toBe(1)
    await ada.page.reload()
    await ada.message("Before the fall").waitFor()
    await ada.message("Into the dark").waitFor()
  })

  it("says that it is offline while the device is, and keeps what is written", async () => {
    const ada = await enter("ada@example.com")
    await chat.kill()
    await ada.context.setOffline(true)
    await ada.light("Offline")
    await ada.say("For later")
    await ada.outgoing("waiting").waitFor()
    await chat.start()
    await ada.context.setOffline(false)
    await ada.light("Connected")
    await ada.message("For later").waitFor()
    expect(await ada.outgoing("waiting").count()).toBe(0)
  })

  it("believes an open line, and not the device, as long as the line answers", async () => {
    const ada = await come()
    let isMute = false
    await ada.page.routeWebSocket(/\/socket/, (line) => {
      const server = line.connectToServer()
      server.onMessage((frame) => {
        if (!isMute) line.send(frame)
      })
    })
    await ada.logIn("ada@example.com")
    const network = (state: "online" | "offline"): Promise<boolean> =>
      ada.page.evaluate((state) => {
        Object.defineProperty(navigator, "onLine", { value: state === "online", configurable: true })
        return dispatchEvent(new Event(state))
      }, state)
    await network("offline")
    await ada.say("Still there")
    await ada.message("Still there").waitFor()
    expect(await ada.page.locator("#light-text").textContent()).toBe("Connected")
    isMute = true
    await network("offline")
    await ada.light("Offline")
    isMute = false
    await network("online")
    await ada.light("Connected")
  })

  it("keeps what the server refused, to be sent again or changed", async () => {
    const ada = await come()
    let refusals = 2
    await ada.page.routeWebSocket(/\/socket/, (line) => {
      const server = line.connectToServer()
      line.onMessage((frame) => {
        const [joinRef, ref, topic, event] = JSON.parse(String(frame)) as unknown[]
        if (event !== "send" || refusals-- <= 0) return server.send(frame)
        const answer = { status: "error", response: { error: "too many messages", code: 429 } }
        line.send(JSON.stringify([joinRef, ref, topic, "phx_reply", answer]))
      })
    })
    await ada.logIn("ada@example.com")
    await ada.say("Precious words")
    await ada.outgoing("failed").getByText("Not sent. Too many messages.").waitFor()
    await ada.page.getByRole("button", { name: "Retry" }).click()
    await ada.outgoing("failed").getByText("Precious words").waitFor()
    await ada.page.getByRole("button", { name: "Edit" }).click()
    expect(await ada.page.locator("#composer-text").inputValue()).toBe("Precious words")
    await ada.page.keyboard.type(", again")
    await ada.page.keyboard.press("Enter")
    await ada.message("Precious words, again").waitFor()
    expect(await ada.outgoing("failed").count()).toBe(0)
  })

  it("ends the session everywhere when somebody logs out", async () => {
    const ada = await enter("ada@example.com")
    const tab = await ada.context.newPage()
    await tab.goto(chat.url)
    await tab.locator("#light-text", { hasText: "Connected" }).waitFor()
    await ada.page.getByRole("button", { name: "Log out" }).click()
    await ada.page.getByText("You have logged out.").waitFor()
    await tab.getByText("Your session has ended.").waitFor()
    expect(await ada.page.evaluate(() => document.activeElement?.id)).toBe("email")
  })

  it("goes on as who logs in in another tab", async () => {
    const ada = await enter("ada@example.com")
    const tab = await ada.context.newPage()
    await tab.goto(chat.url)
    await tab.locator("#own-name", { hasText: /./ }).waitFor()
    // The session of this tab ends, and another begins in the same browser.
    await tab.evaluate(() =>
      fetch("/api/login", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ email: "eve@example.com" }),
      }),
    )
    await tab.goto(await chat.linkFor("eve@example.com"))
    await tab.getByRole("button").first().click()
    await tab.locator("#own-name", { hasText: "eve@example.com" }).waitFor()
    await chat.kill()
    await chat.start()
    await ada.page.locator("#own-name", { hasText: "eve@example.com" }).waitFor()
    await ada.inRoom("lobby")
    expect(await ada.person("ada@example.com").count()).toBe(0)
  })

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
    await page.getByRole("heading", { name: "Look at your mail" }).waitFor()
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
    await tabTo("leave", "Shift+Tab")
    await keyboard.press("Enter")
    await ada.inRoom("cellar")
  })

  it("fits a phone, with the rooms and the people a tap away", async () => {
    const ada = await enter("ada@example.com", {
      viewport: { width: 360, height: 640 },
      hasTouch: true,
      isMobile: true,
    })
    const { page } = ada
    await page.locator("#composer-text").fill("x".repeat(300))
    await page.locator("#composer-text").press("Enter")
    await ada.message("xxx").waitFor()
    const overflow = (): Promise<number> => page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
    expect(await overflow()).toBe(0)
    await page.getByRole("button", { name: "Show the list of rooms" }).tap()
    await page.getByRole("navigation", { name: "Rooms" }).waitFor()
    // What lies under the open panel is out of reach.
    expect(await page.locator("#room").evaluate((room: HTMLElement) => room.inert)).toBe(true)
    await page.screenshot({ path: join(pictures, "phone-rooms.png") })
    await page.keyboard.press("Escape")
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("show-rooms")
    await page.getByRole("button", { name: "Show the list of rooms" }).tap()
    await ada.room("lobby").tap()
    await ada.inRoom("lobby")
    // No keyboard comes up over what was to be read.
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("log")
    await page.getByRole("button", { name: "here; show who" }).tap()
    await ada.person("ada@example.com").waitFor()
    await page.getByRole("button", { name: "Close the list of people" }).tap()
    expect(await overflow()).toBe(0)
    await page.screenshot({ path: join(pictures, "phone.png") })
  })

  describe.each(["light", "dark"] as const)("in a %s scheme", (colorScheme) => {
    const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8")

    /** What a program that knows the rules of accessibility has against the page. */
    async function faults({ page }: Visitor): Promise<string[]> {
      await page.addScriptTag({ content: axe })
      return await page.evaluate(async () => {
        const { run } = (globalThis as unknown as { axe: typeof Axe }).axe
        const { violations } = await run(document, {
          runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
        })
        return violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(" ")}`))
      })
    }

    const picture = async ({ page }: Visitor, name: string): Promise<void> => {
      const path = join(pictures, `${colorScheme}-${name}.png`)
      await page.screenshot({ path })
      expect(statSync(path).size).toBeGreaterThan(1000)
    }

    // The policy of the page would keep out the program that looks at it.
    const options: BrowserContextOptions = { colorScheme, bypassCSP: true, reducedMotion: "reduce" }

    it("has names, landmarks, an order and contrast for everybody", async () => {
      const ada = await come(options)
      await ada.page.goto(chat.url)
      await ada.page.getByLabel("Mail address").waitFor()
      expect(await faults(ada)).toEqual([])
      await picture(ada, "login")
      await ada.logIn("ada@example.com")
      await ada.say("Something to read")
      await ada.message("Something to read").last().waitFor()
      expect(await faults(ada)).toEqual([])
      await picture(ada, "room")
      await ada.page.getByRole("button", { name: "Change your display name" }).click()
      await ada.join("attic")
      await ada.page.getByText("This room is closed.").waitFor()
      expect(await faults(ada)).toEqual([])
      await ada.room("lobby").click()
      await chat.kill()
      await ada.light(/^Reconnecting in/)
      await ada.say("Waiting")
      await ada.outgoing("waiting").waitFor()
      expect(await faults(ada)).toEqual([])
      await picture(ada, "reconnecting")
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
