import type { WebSocket } from "playwright-core"
import { expect, it } from "vitest"
import { describeInBrowser } from "./stage.js"

await describeInBrowser("the chat's page", ({ chat, come, enter }) => {
  it("lets in who opens the link that was mailed, and nobody else", async () => {
    const [ada, stranger] = await Promise.all([come(), come()])
    const { page } = ada
    await page.goto(chat.url)
    await page.getByLabel("Mail address").fill("ada")
    await page.getByRole("button", { name: "Send me a link" }).click()
    await page.getByRole("alert").getByText("Type a whole address").waitFor()
    await ada.logIn("ada@example.com")
    expect(new URL(page.url()).pathname).toBe("/")
    expect(await page.locator("#own-email").textContent()).toBe("ada@example.com")
    await stranger.page.goto(chat.url)
    await stranger.page.getByLabel("Mail address").waitFor()
    expect(await stranger.page.locator("#chat").isVisible()).toBe(false)
  })

  it("says so when the server sends no link", async () => {
    const { page } = await come()
    await page.goto(chat.url)
    const headers = { "content-type": "application/json" }
    const body = JSON.stringify({ email: "flood@example.com" })
    let accepted = 0
    for (let status = 0; status !== 429;) {
      status = (await fetch(new URL("/api/login", chat.url), { method: "POST", headers, body })).status
      if (status === 202) accepted++
    }
    // Links that are still on their way count against the next person, who asks from the same network.
    for (; accepted > 0; accepted--) await chat.linkFor("flood@example.com")
    await page.getByLabel("Mail address").fill("flood@example.com")
    await page.keyboard.press("Enter")
    await page.getByRole("alert").getByText("That was asked for too often; wait").waitFor()
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("email")
  })

  it("lets two people talk, each with a serializer of their own", async () => {
    const [ada, bob] = await Promise.all([enter("ada@example.com"), enter("bob@example.com")])
    await bob.speak("MessagePack")
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
    await ada.person("bob").waitFor()
    await bob.say("It is me")
    await bob.page.getByRole("button", { name: "Change your display name" }).click()
    await bob.page.getByLabel("Display name").fill("Robert")
    await bob.page.keyboard.press("Enter")
    await ada.person("Robert").waitFor()
    // Earlier messages show the new name too.
    expect(await ada.message("It is me").last().locator("strong").textContent()).toBe("Robert")
    await bob.context.close()
    await ada.person("Robert").waitFor({ state: "detached" })
  })

  it("shows links and code in messages, and refuses a message that is too long instead of cutting it", async () => {
    const ada = await enter("ada@example.com")
    await ada.say("see https://example.com/a. and run `npm start`")
    const link = ada.page.locator(".message a", { hasText: "https://example.com/a" }).first()
    await link.waitFor()
    expect(await link.getAttribute("href")).toBe("https://example.com/a")
    expect(await link.getAttribute("rel")).toContain("noopener")
    expect(await ada.page.locator(".message code").first().textContent()).toBe("npm start")
    const text = ada.page.locator("#composer-text")
    await text.fill(`long ${"x".repeat(4000)}`)
    await text.press("Enter")
    await ada.page.locator("#composer-count", { hasText: "5 characters too many." }).waitFor()
    expect((await text.inputValue()).length).toBe(4005)
    await text.fill("y".repeat(3990))
    await ada.page.locator("#composer-count", { hasText: "10 characters left." }).waitFor()
    await text.press("Enter")
    await ada.message("y".repeat(3990)).waitFor()
    expect(await ada.page.locator("#composer-count").isVisible()).toBe(false)
  })

  it("knows after a reload what is unread in the rooms that are not shown", async () => {
    const [ada, bob] = await Promise.all([enter("ada@example.com"), enter("bob@example.com")])
    for (const visitor of [ada, bob]) {
      await visitor.join("attic")
      await visitor.inRoom("attic")
    }
    await bob.say("Read by Ada")
    await ada.message("Read by Ada").waitFor()
    await ada.room("lobby").click()
    await ada.inRoom("lobby")
    await bob.say("Unread one")
    await bob.say("Unread two")
    await ada.room("attic").locator(".unread", { hasText: "2 unread" }).waitFor()
    await ada.page.reload()
    await ada.inRoom("lobby")
    await ada.room("attic").locator(".unread", { hasText: "2 unread" }).waitFor()
    await ada.room("attic").click()
    await ada.message("Unread two").waitFor()
    await ada.page.reload()
    await ada.inRoom("attic")
    expect(await ada.room("attic").locator(".unread").isVisible()).toBe(false)
  })

  it("copies a link that leads into the room, and leaves a room only when that is confirmed", async () => {
    const [ada, bob] = await Promise.all([
      enter("ada@example.com", { permissions: ["clipboard-read", "clipboard-write"] }),
      enter("bob@example.com"),
    ])
    await ada.join("studio")
    await ada.inRoom("studio")
    await ada.page.getByRole("button", { name: "Copy the link to this room" }).click()
    await ada.page.locator("#copy-link[data-done=studio]").waitFor()
    await bob.page.goto(await ada.page.evaluate(() => navigator.clipboard.readText()))
    await bob.inRoom("studio")
    await ada.page.getByRole("button", { name: "Leave this room" }).click()
    await ada.page.getByRole("button", { name: "Stay" }).click()
    await ada.inRoom("studio")
    expect(await ada.room("studio").count()).toBe(1)
    await ada.leaveRoom()
    await ada.inRoom("lobby")
    expect(await ada.room("studio").count()).toBe(0)
  })

  it("leaves the room that the question was about, also where another one is shown by then", async () => {
    const ada = await enter("ada@example.com")
    await ada.join("studio")
    await ada.inRoom("studio")
    await ada.page.getByRole("button", { name: "Leave this room" }).click()
    await ada.page.goBack()
    await ada.inRoom("lobby")
    await ada.page.getByRole("button", { name: "Leave", exact: true }).click()
    await ada.room("studio").waitFor({ state: "detached" })
    await ada.inRoom("lobby")
    expect(await ada.room("lobby").count()).toBe(1)
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
    await ada.leaveRoom()
    await ada.inRoom("lobby")
    expect(await ada.room("garden").count()).toBe(0)
    await bob.person("ada").waitFor({ state: "detached" })
    expect(sockets).toHaveLength(1)
  })

  it("says why a room is closed", async () => {
    const ada = await enter("ada@example.com")
    await ada.join("no/room")
    await ada.page.getByText(/^A room's name is .*\.$/).waitFor()
    expect(await ada.page.locator("#composer").isVisible()).toBe(false)
    await ada.leaveRoom()
    await ada.join("# A Room")
    await ada.inRoom("a-room")
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
    // Playwright's click would scroll to the button first, and near the top the page loads earlier messages by itself.
    await ada.page.getByRole("button", { name: "Show earlier messages" }).dispatchEvent("click")
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
    const ada = await come()
    const lines: WebSocket[] = []
    ada.page.on("websocket", (line) => lines.push(line))
    await ada.logIn("ada@example.com")
    await ada.join("scales")
    await ada.inRoom("scales")
    for (let n = 1; n <= 40; n++) await ada.say(`Weight ${n}.`)
    await ada.message("Weight 40.").waitFor()
    expect(await ada.bytes("msgpack-sent")).toBe(0)

    const carried = async (id: string): Promise<number[]> => [
      await ada.bytes(`${id}-sent`),
      await ada.bytes(`${id}-received`),
    ]
    /** Switches to a serializer, and returns the bytes of that: each room is joined anew. */
    const goOver = async (label: "JSON" | "MessagePack", id: string): Promise<number[]> => {
      const [sent = 0, received = 0] = await carried(id)
      // The former connection ends when every room is on the new one.
      const ended = lines.at(-1)?.waitForEvent("close")
      await ada.speak(label)
      await ended
      const [sentNow = 0, receivedNow = 0] = await carried(id)
      return [sentNow - sent, receivedNow - received]
    }
    const [msgpackSent = 0, msgpackReceived = 0] = await goOver("MessagePack", "msgpack")
    const [jsonSent, jsonReceived] = await goOver("JSON", "json")
    expect(msgpackReceived).toBeGreaterThan(1000)
    expect(msgpackSent).toBeGreaterThan(0)
    expect(msgpackSent).toBeLessThan(jsonSent ?? 0)
    expect(msgpackReceived).toBeLessThan(jsonReceived ?? 0)
    await goOver("MessagePack", "msgpack")
    expect(lines).toHaveLength(4)
    expect(lines.map((line) => new URL(line.url()).searchParams.get("vsn"))).toEqual([
      "2.0.0",
      "3.0.0",
      "2.0.0",
      "3.0.0",
    ])
    await ada.say("By other means")
    await ada.message("By other means").waitFor()
    // The page remembers the serializer.
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

  it("shows an open connection as connected although the device says it is offline, as long as the server answers", async () => {
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

  it("can be used to log in where the session ended while a question was open", async () => {
    const ada = await enter("ada@example.com")
    const tab = await ada.context.newPage()
    await tab.goto(chat.url)
    await tab.getByRole("button", { name: "Leave this room" }).click()
    await tab.getByRole("heading", { name: "Leave lobby?" }).waitFor()
    await ada.page.getByRole("button", { name: "Log out" }).click()
    await tab.getByText("Your session has ended.").waitFor()
    // A page behind a modal dialog would take no click.
    await tab.locator("#email").click()
    expect(await tab.evaluate(() => document.activeElement?.id)).toBe("email")
  })

  it("goes on as who logs in in another tab", async () => {
    const ada = await enter("ada@example.com")
    const tab = await ada.context.newPage()
    await tab.goto(chat.url)
    await tab.locator("#own-name", { hasText: /./ }).waitFor()
    // Another tab of the browser ends this session and begins a new one.
    await tab.evaluate(() =>
      fetch("/api/login", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ email: "eve@example.com" }),
      }),
    )
    await tab.goto(await chat.linkFor("eve@example.com"))
    await tab.getByRole("button").first().click()
    await tab.locator("#own-email", { hasText: "eve@example.com" }).waitFor()
    await chat.kill()
    await chat.start()
    await ada.page.locator("#own-email", { hasText: "eve@example.com" }).waitFor()
    await ada.inRoom("lobby")
    expect(await ada.person("ada").count()).toBe(0)
  })
})
