import type { IncomingMessage } from "node:http"

/** The cookie with the session's token. Scripts cannot read it, and forms of other sites do not send it. */
export class SessionCookie {
  readonly #name: string
  readonly #attributes: string

  /** @param secure whether the page is served over https, so that the cookie can be bound to its host */
  constructor(secure: boolean) {
    // Cookies do not depend on the port, so the name must not collide with cookies of other servers on this machine.
    this.#name = secure ? "__Host-rookery-session" : "rookery-session"
    this.#attributes = `; Path=/; HttpOnly; SameSite=Lax${secure ? "; Secure" : ""}`
  }

  /** The token in a request's cookie. */
  read({ headers }: Pick<IncomingMessage, "headers">): string | undefined {
    for (const part of headers.cookie?.split(";") ?? []) {
      const at = part.indexOf("=")
      if (part.slice(0, at).trim() === this.#name) return part.slice(at + 1).trim()
    }
    return undefined
  }

  /** The header that sets the cookie. */
  set(token: string, maxAgeMs: number): string {
    return `${this.#name}=${token}${this.#attributes}; Max-Age=${Math.floor(maxAgeMs / 1000)}`
  }

  /** The header that removes the cookie. */
  clear(): string {
    return `${this.#name}=${this.#attributes}; Max-Age=0`
  }
}
