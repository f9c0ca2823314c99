import { byId, setText } from "../../page/dom.js"
import { askWays, logInHere, reasonOf, requestLink, type Ways } from "./session.js"

/** The log-in: an address and then a link, or one click on the server's own machine. */
export class LoginView {
  readonly #form: HTMLFormElement = byId("login-form", HTMLFormElement)
  readonly #email: HTMLInputElement = byId("email", HTMLInputElement)
  readonly #submit: HTMLButtonElement = byId("login-submit", HTMLButtonElement)
  readonly #error: HTMLElement = byId("login-error", HTMLElement)
  readonly #reason: HTMLElement = byId("login-reason", HTMLElement)
  readonly #sent: HTMLElement = byId("link-sent", HTMLElement)
  readonly #oneClick: HTMLElement = byId("one-click", HTMLElement)
  readonly #oneClickError: HTMLElement = byId("one-click-error", HTMLElement)
  readonly #loggedIn: () => void
  /** Whether the server prints its links instead of mailing them. */
  #isLocal = false
  /** Settles when the server has answered that question. */
  #ways: Promise<void> | undefined

  constructor(loggedIn: () => void) {
    this.#loggedIn = loggedIn
    byId("one-click-submit", HTMLElement).addEventListener("click", () => void this.#enterHere())
    this.#form.addEventListener("submit", (event) => void this.#ask(event))
    byId("other-address", HTMLElement).addEventListener("click", () => this.show())
  }

  /**
   * @param reason why a person who was logged in must log in again
   * @param ways how to log in; without them the server is asked
   */
  show(reason = "", ways?: Ways): void {
    this.#form.hidden = false
    this.#sent.hidden = true
    setText(this.#reason, reason)
    this.#reason.hidden = reason === ""
    this.#tell("")
    this.#oneClickError.hidden = true
    this.#email.focus()
    this.#ways = this.#offer(ways)
  }

  async #offer(known: Ways | undefined): Promise<void> {
    const ways = known ?? (await askWays().catch(() => undefined))
    this.#isLocal = ways?.oneClick === true
    this.#oneClick.hidden = !this.#isLocal || this.#form.hidden
  }

  async #enterHere(): Promise<void> {
    try {
      await logInHere()
      this.#loggedIn()
    } catch (error) {
      setText(this.#oneClickError, reasonOf(error))
      this.#oneClickError.hidden = false
    }
  }

  async #ask(event: Event): Promise<void> {
    event.preventDefault()
    const email = this.#email.value.trim()
    this.#tell("")
    if (!this.#email.validity.valid || email === "") return this.#tell("Type a whole address, like ada@example.com.")
    // Not disabled, because a disabled field would lose the focus.
    if (this.#submit.ariaDisabled === "true") return
    this.#submit.ariaDisabled = "true"
    setText(this.#submit, "Sending the link…")
    try {
      await Promise.all([requestLink(email), this.#ways])
      for (const address of this.#sent.querySelectorAll(".link-address")) setText(address, email)
      byId("link-mailed", HTMLElement).hidden = this.#isLocal
      byId("link-printed", HTMLElement).hidden = !this.#isLocal
      byId("link-hint", HTMLElement).hidden = this.#isLocal
      setText(
        byId("link-sent-heading", HTMLElement),
        this.#isLocal ? "Look where the server runs" : "Look at your mail",
      )
      this.#form.hidden = true
      this.#oneClick.hidden = true
      this.#sent.hidden = false
      byId("link-sent-heading", HTMLElement).focus()
    } catch (error) {
      this.#tell(reasonOf(error))
    } finally {
      this.#submit.ariaDisabled = "false"
      setText(this.#submit, "Send me a link")
    }
  }

  #tell(error: string): void {
    setText(this.#error, error)
    this.#error.hidden = error === ""
    this.#email.setAttribute("aria-invalid", String(error !== ""))
    if (error) this.#email.focus()
  }
}
