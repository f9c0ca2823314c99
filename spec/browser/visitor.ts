import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page } from "playwright-core"
import { expect } from "vitest"
import type { ChatProcess } from "../support/chat-process.js"
import { openPage } from "../support/chromium.js"
import { complaintsOf } from "./complaints.js"

/** A visitor of the chat's page, in a separate browser context. */
export class Visitor {
  readonly page: Page
  readonly context: BrowserContext
  readonly #chat: ChatProcess
  /** The complaints of the browser: violations of the policy, and uncaught errors. */
  readonly complaints: string[] = []

  private constructor(page: Page, chat: ChatProcess) {
    this.page = page
    this.context = page.context()
    this.#chat = chat
  }

  static async come(browser: Browser, chat: ChatProcess, options: BrowserContextOptions = {}): Promise<Visitor> {
    const page = await openPage(browser, { viewport: { width: 1280, height: 800 }, locale: "en-GB", ...options })
    const visitor = new Visitor(page, chat)
    await visitor.#listen()
    return visitor
  }

  /** Asks for a link, opens it, and presses its button. */
  async logIn(email: string): Promise<void> {
    const { page } = this
    await page.goto(this.#chat.url)
    await page.getByLabel("Mail address").fill(email)
    await page.getByRole("button", { name: "Send me a link" }).click()
    await page.getByRole("heading", { name: "Look where the server runs" }).waitFor()
    await page.goto(await this.#chat.linkFor(email))
    await page.getByRole("button").first().click()
    await this.light("Connected")
    await this.inRoom("lobby")
  }

  /** Opens the page with a session that is there: without the log-in, which takes longer than the page. */
  async enter(email: string): Promise<void> {
    const { url } = this.#chat
    const { request } = this.context
    expect((await request.post(`${url}/api/login`, { data: { email } })).status()).toBe(202)
    const token = new URL(await this.#chat.linkFor(email)).searchParams.get("token") ?? ""
    // A page of the server sends the form; its answer leads to the chat, and sets the cookie of the session.
    const form = { form: { token }, headers: { origin: new URL(url).origin }, maxRedirects: 0 }
    expect((await request.post(`${url}/login`, form)).status()).toBe(303)
    await this.page.goto(url)
    await this.light("Connected")
    await this.inRoom("lobby")
  }

  /** Waits until the connection light shows a text. */
  async light(text: string | RegExp): Promise<void> {
    await this.page.locator("#light-text", { hasText: text }).waitFor()
  }

  /** Waits until a room is shown and joined. */
  async inRoom(name: string): Promise<void> {
    const { page } = this
    await page.locator("#room-title", { hasText: new RegExp(`^${name}$`) }).waitFor()
    await page.locator("#people-heading", { hasText: /^Here now: [1-9]/ }).waitFor({ state: "attached" })
  }

  async say(text: string): Promise<void> {
    await this.page.locator("#composer-text").fill(text)
    await this.page.locator("#composer-text").press("Enter")
  }

  async join(name: string): Promise<void> {
    await this.page.getByLabel("Join a room by its name").fill(name)
    await this.page.getByLabel("Join a room by its name").press("Enter")
  }

  /** Goes on with another serializer, by the panel of the socket. */
  async speak(serializer: "JSON" | "MessagePack"): Promise<void> {
    const choice = this.page.getByLabel(serializer)
    if (!(await choice.isVisible())) await this.page.getByRole("button", { name: "show the socket" }).click()
    await choice.check()
  }

  /** Takes another display name. */
  async rename(name: string): Promise<void> {
    await this.page.getByRole("button", { name: "Change your display name" }).click()
    await this.page.getByLabel("Display name").fill(name)
    await this.page.keyboard.press("Enter")
  }

  /** Leaves the room that is shown. */
  async leaveRoom(): Promise<void> {
    await this.page.getByRole("button", { name: "Leave this room" }).click()
    await this.page.getByRole("button", { name: "Leave", exact: true }).click()
  }

  /** A message that has arrived. */
  message(text: string): Locator {
    const said = this.page.locator(".message:not([data-state])")
    return said.filter({ has: this.page.locator(".text", { hasText: text }) })
  }

  /** An outgoing message that is not acknowledged, or has failed. */
  outgoing(state: "waiting" | "sending" | "failed"): Locator {
    return this.page.locator(`.message[data-state="${state}"]`)
  }

  room(name: string): Locator {
    return this.page.locator("#room-list button", { hasText: name })
  }

  person(name: string): Locator {
    return this.page.locator("#people-list li", { hasText: name })
  }

  /** The bytes of a serializer that the page shows. */
  async bytes(id: string): Promise<number> {
    return Number(await this.page.locator(`#${id}`).getAttribute("data-bytes"))
  }

  async #listen(): Promise<void> {
    const { page, complaints } = this
    await page.exposeFunction("complain", (what: string) => void complaints.push(what))
    await page.addInitScript(() => {
      addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
        ;(globalThis as unknown as { complain(what: string): void }).complain(`${violatedDirective}: ${blockedURI}`)
      })
    })
    page.on("dialog", (dialog) => {
      complaints.push(`dialog: ${dialog.message()}`)
      void dialog.dismiss()
    })
    // Specs kill the server, go offline and ask for missing sessions; the browser reports each of these.
    const expected =
      /ERR_CONNECTION|ERR_EMPTY_RESPONSE|ERR_INTERNET_DISCONNECTED|WebSocket connection|status of (401|429)/
    complaintsOf(page, { types: ["error"], expected, list: complaints })
  }
}
