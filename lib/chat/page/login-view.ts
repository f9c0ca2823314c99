import { byId, setText } from "./dom.js"
import { reasonOf, requestLink } from "./session.js"

/** The way in: an address, and then the mail. */
export class LoginView {
  readonly #form: HTMLFormElement = byId("login-form", HTMLFormElement)
  readonly #email: HTMLInputElement = byId("email", HTMLInputElement)
  readonly #submit: HTMLButtonElement = byId("login-submit", HTMLButtonElement)
  readonly #error: HTMLElement = byId("login-error", HTMLElement)
  readonly #reason: HTMLElement = byId("login-reason", HTMLElement)
  readonly #sent: HTMLElement = byId("link-sent", HTMLElement)
  readonly #address: HTMLElement = byId("link-address", HTMLElement)

  constructor() {
    this.#form.addEventListener("submit", (event) => void this.#ask(event))
    byId("other-address", HTMLElement).addEventListener("click", () => this.show())
  }

  /** @param reason why somebody who was logged in is asked again */
  show(reason = ""): void {
    this.#form.hidden = false
    this.#sent.hidden = true
    setText(this.#reason, reason)
    this.#reason.hidden = reason === ""
    this.#tell("")
    this.#email.focus()
  }

  async #ask(event: Event): Promise<void> {
    event.preventDefault()
    const email = this.#email.value.trim()
    this.#tell("")
    if (!this.#email.validity.valid || email === "") return this.#tell("Type a whole address, like ada@example.com.")
    // Not disabled: the focus would be lost with it.
    if (this.#submit.ariaDisabled === "true") return
    this.#submit.ariaDisabled = "true"
    setText(this.#submit, "Sending the link…")
    try {
      await requestLink(email)
      setText(this.#address, email)
      this.#form.hidden = true
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
