import type { CDPSession } from "playwright-core"

type Method = Parameters<CDPSession["send"]>[0]
type Outcome = { result?: Record<string, unknown>; error?: { message: string } }
type Listener = (params: Record<string, unknown>) => void

/** The way to hide a page: behind another tab, or by emulation in a headless shell, whose tabs have no window. */
export type Hiding = "behind a tab" | "by emulation"

/**
 * A tab that behaves as for a user: it is hidden behind another tab, and may be frozen there. Playwright keeps its own
 * tabs visible, so this one is opened without Playwright.
 */
export class Tab {
  readonly #browser: CDPSession
  readonly #target: string
  readonly #session: string
  readonly #pending = new Map<number, (outcome: Outcome) => void>()
  readonly #listeners = new Map<string, Set<Listener>>()
  readonly #hides: Hiding
  #cover: string | undefined
  #calls = 0
  /** Uncaught errors, and complaints of the browser itself. */
  readonly complaints: string[] = []

  private constructor(browser: CDPSession, target: string, session: string, hides: Hiding) {
    this.#browser = browser
    this.#hides = hides
    this.#target = target
    this.#session = session
    browser.on("Target.receivedMessageFromTarget", this.#receive)
  }

  /** Opens a tab in front of the others. */
  static async open(browser: CDPSession, url: string, hides: Hiding = "behind a tab"): Promise<Tab> {
    const { targetId } = await browser.send("Target.createTarget", { url: "about:blank" })
    // The session must not be flat: Playwright would take it for one of its own.
    const { sessionId } = await browser.send("Target.attachToTarget", { targetId, flatten: false })
    const tab = new Tab(browser, targetId, sessionId, hides)
    tab.on("Runtime.exceptionThrown", ({ exceptionDetails }) => tab.complaints.push(JSON.stringify(exceptionDetails)))
    for (const domain of ["Page", "Runtime", "Network"] as const) await tab.send(`${domain}.enable`)
    if (hides === "by emulation") {
      // A tab without a window that was frozen once stays hidden, except for the emulation.
      await tab.freeze(true)
      await tab.freeze(false)
      await tab.#emulateFocus(true)
    }
    await tab.go(url)
    return tab
  }

  /** Goes to a page, and waits until it is loaded. */
  async go(url: string): Promise<void> {
    const loaded = this.#loaded(url)
    await this.send("Page.navigate", { url })
    await loaded
  }

  /** Goes back as the button does, and waits until the page is loaded or comes out of the back/forward cache. */
  async back(): Promise<void> {
    const { currentIndex, entries } = (await this.send("Page.getNavigationHistory")) as {
      currentIndex: number
      entries: { id: number }[]
    }
    const loaded = this.once("Page.loadEventFired")
    const gone = this.once("Page.frameNavigated")
    await this.send("Page.navigateToHistoryEntry", { entryId: entries[currentIndex - 1]?.id })
    const { type } = await gone
    // A page out of the cache is not loaded again.
    if (type !== "BackForwardCacheRestore") await loaded
  }

  /** Puts another tab in front of this one. */
  async hide(): Promise<void> {
    if (this.#hides === "by emulation") return this.#emulateFocus(false)
    const { targetId } = await this.#browser.send("Target.createTarget", { url: "about:blank" })
    this.#cover = targetId
  }

  /** Brings this tab to the front again. */
  async show(): Promise<void> {
    if (this.#hides === "by emulation") return this.#emulateFocus(true)
    await this.#browser.send("Target.activateTarget", { targetId: this.#target })
    await this.#uncover()
  }

  /** Freezes the page, or resumes it. A visible page is hidden first. */
  async freeze(frozen: boolean): Promise<void> {
    await this.send("Page.setWebLifecycleState", { state: frozen ? "frozen" : "active" })
  }

  /** Turns the network off or on. */
  async network(offline: boolean): Promise<void> {
    const conditions = { offline, latency: 0, downloadThroughput: -1, uploadThroughput: -1 }
    await this.send("Network.emulateNetworkConditions", conditions)
  }

  /** Calls a function on the page, and returns its result, or that of its promise, through JSON. */
  async evaluate<Result, Argument>(
    call: (argument: Argument) => Result | PromiseLike<Result>,
    argument?: Argument,
  ): Promise<Result> {
    const expression = `(${String(call)})(${JSON.stringify(argument) ?? ""})`
    const params = { expression, awaitPromise: true, returnByValue: true }
    const { result, exceptionDetails } = (await this.send("Runtime.evaluate", params)) as {
      result: { value: Result }
      exceptionDetails?: { exception?: { description?: string }; text: string }
    }
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text)
    return result.value
  }

  on(event: string, listener: Listener): void {
    const listeners = this.#listeners.get(event) ?? new Set()
    this.#listeners.set(event, listeners.add(listener))
  }

  once(
    event: string,
    fits: (params: Record<string, unknown>) => boolean = () => true,
  ): Promise<Record<string, unknown>> {
    return new Promise((resolve) => this.on(event, (params) => fits(params) && resolve(params)))
  }

  async send(method: string, params: object = {}): Promise<unknown> {
    const id = ++this.#calls
    const answered = new Promise<Outcome>((resolve) => this.#pending.set(id, resolve))
    const message = JSON.stringify({ id, method, params })
    await this.#browser.send("Target.sendMessageToTarget" as Method, { sessionId: this.#session, message } as never)
    const { result, error } = await answered
    if (error) throw new Error(`${method}: ${error.message}`)
    return result
  }

  async close(): Promise<void> {
    this.#browser.off("Target.receivedMessageFromTarget", this.#receive)
    await this.#uncover()
    await this.#browser.send("Target.closeTarget", { targetId: this.#target })
  }

  /** Waits until this page is loaded. The load of a page before it, such as that of an empty new tab, may come late. */
  async #loaded(url: string): Promise<void> {
    const { href } = new URL(url)
    let arrived = false
    this.on("Page.frameNavigated", ({ frame }) => {
      arrived ||= (frame as { url: string }).url === href
    })
    await this.once("Page.loadEventFired", () => arrived)
  }

  async #uncover(): Promise<void> {
    const targetId = this.#cover
    this.#cover = undefined
    if (targetId !== undefined) await this.#browser.send("Target.closeTarget", { targetId })
  }

  async #emulateFocus(enabled: boolean): Promise<void> {
    await this.send("Emulation.setFocusEmulationEnabled", { enabled })
  }

  readonly #receive = ({ sessionId, message }: { sessionId: string; message: string }): void => {
    if (sessionId !== this.#session) return
    const { id, method, params, ...outcome } = JSON.parse(message) as Outcome & {
      id?: number
      method?: string
      params?: Record<string, unknown>
    }
    if (id !== undefined) {
      this.#pending.get(id)?.(outcome)
      this.#pending.delete(id)
    }
    if (method !== undefined) for (const listener of this.#listeners.get(method) ?? []) listener(params ?? {})
  }
}
