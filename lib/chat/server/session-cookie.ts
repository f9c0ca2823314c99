import type { IncomingMessage } from "node:http"

/** The cookie that carries a session: no script reads it, and no other site sends it along with its forms. */
export class SessionCookie {
  readonly #name: string
  readonly #attributes: string

  /** @param secure whether the page comes by https, so that the cookie can be bound to it */
  constructor(secure: boolean) {
    // Cookies know no ports: what else runs on this machine must not take it for its own.
    this.#name = secure ? "__Host-rookery-session" : "rookery-session"
    this.#attributes = `; Path=/; HttpOnly; SameSite=Lax${secure ? "; Secure" : ""}`
  }

  /** The token that a request brings. */
  read({ headers }: Pick<IncomingMessage, "headers">): string | undefined {
    for (const part of headers.cookie?.split(";") ?? []) {
      const at = part.indexOf("=")
      if (part.slice(0, at).trim() === this.#name) return part.slice(at + 1).trim()
    }
    return undefined
  }

  /** The header that sets it. */
  set(token: string, maxAgeMs: number): string {
    return `${this.#name}=${token}${this.#attributes}; Max-Age=${Math.floor(maxAgeMs / 1000)}`
  }

  /** The header that takes it away. */
  clear(): string {
    return `${this.#name}=${this.#attributes}; Max-Age=0`
  }
}
