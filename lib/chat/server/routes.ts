import type { IncomingMessage, ServerResponse } from "node:http"
import type { Accounts, Session } from "./accounts.js"
import { readEmail } from "./checks.js"
import { HttpError, readForm, readJson, sendBody, sendEmpty, sendError, sendJson } from "./http.js"
import { linkPage, usedLinkPage } from "./login-page.js"
import type { Mail } from "./mail.js"
import { ownOrigin } from "./public-url.js"
import type { RateLimiter } from "./rate-limiter.js"
import type { SessionCookie } from "./session-cookie.js"
import type { StaticFiles } from "./static-files.js"

/** What the routes need of the chat. */
export interface RoutesHost {
  readonly accounts: Accounts
  readonly mail: Mail
  readonly files: StaticFiles | undefined
  readonly linksPerEmail: RateLimiter
  readonly loginsPerAddress: RateLimiter
  /** Known once the server listens. */
  readonly publicUrl: string
  readonly cookie: SessionCookie
  readonly sessionMs: number
  addressOf(request: IncomingMessage): string | undefined
  /** Ends the sockets of a session. */
  disconnect(sessionId: string): void
  failed(error: unknown, where: string): void
}

const HTML = "text/html; charset=utf-8"
const BEARER = /^Bearer ([\w-]+)$/i

const tooMany = (waitMs: number): HttpError =>
  new HttpError(429, `that was asked for too often; wait ${Math.ceil(waitMs / 1000)} s`, waitMs)

/** The chat's HTTP: links, sessions, and the page. */
export class Routes {
  readonly #host: RoutesHost

  constructor(host: RoutesHost) {
    this.#host = host
  }

  /** Answers a request. Never rejects. */
  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.#route(request, response)
    } catch (error) {
      if (response.headersSent) return void response.destroy()
      if (error instanceof HttpError) return sendError(response, error)
      this.#host.failed(error, "http")
      sendError(response, new HttpError(500, "something went wrong"))
    }
  }

  /** The token that a request brings: in its header, or in its cookie. */
  tokenOf(request: IncomingMessage): string | undefined {
    return BEARER.exec(request.headers.authorization ?? "")?.[1] ?? this.#host.cookie.read(request)
  }

  #route(request: IncomingMessage, response: ServerResponse): Promise<void> | void {
    const [path = "/", query = ""] = (request.url ?? "/").split("?", 2)
    const method = request.method === "HEAD" ? "GET" : request.method
    switch (`${method} ${path}`) {
      case "POST /api/login":
        return this.#askForLink(request, response)
      case "GET /login":
        return this.#showLink(query, response)
      case "POST /login":
        return this.#useLink(request, response)
      case "POST /api/session":
        return this.#begin(request, response)
      case "GET /api/session":
        return this.#tell(request, response)
      case "DELETE /api/session":
        return this.#end(request, response)
    }
    if (method === "GET" && this.#host.files?.serve(path, request, response)) return
    const known = ["/api/login", "/login", "/api/session"].includes(path)
    throw known
      ? new HttpError(405, `${request.method} is nothing that ${path} takes`)
      : new HttpError(404, "not found")
  }

  async #askForLink(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#checkOrigin(request)
    this.#checkAddress(request)
    const { accounts, mail, linksPerEmail, publicUrl } = this.#host
    const email = readEmail((await readJson(request))["email"])
    if (email === undefined) throw new HttpError(400, "that is no e-mail address")
    const waitMs = linksPerEmail.take(email)
    if (waitMs > 0) throw tooMany(waitMs)
    // The answer does not wait for the mail: how long that takes would tell something about the address.
    void this.#sendLink(accounts, mail, email, publicUrl)
    sendJson(response, 202, { status: "ok" })
  }

  async #sendLink(accounts: Accounts, mail: Mail, email: string, publicUrl: string): Promise<void> {
    try {
      await mail.send(email, `${publicUrl}/login?token=${await accounts.makeLink(email)}`)
    } catch (error) {
      this.#host.failed(error, "mail")
    }
  }

  #showLink(query: string, response: ServerResponse): void {
    const token = new URLSearchParams(query).get("token") ?? ""
    sendBody(response, 200, HTML, linkPage(token), { "cache-control": "no-store" })
  }

  async #useLink(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#checkOrigin(request)
    this.#checkAddress(request)
    const { accounts, cookie, sessionMs } = this.#host
    const session = await accounts.redeem((await readForm(request)).get("token"))
    if (session === undefined) return sendBody(response, 401, HTML, usedLinkPage(), { "cache-control": "no-store" })
    sendEmpty(response, 303, { location: "/", "set-cookie": cookie.set(session.token, sessionMs) })
  }

  async #begin(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#checkOrigin(request)
    this.#checkAddress(request)
    const { accounts } = this.#host
    const session = await accounts.redeem((await readJson(request))["token"])
    if (session === undefined) throw new HttpError(401, "this link was used, or it is too old; ask for a new one")
    const { token, email, expiresAt } = session
    const expires_at = new Date(expiresAt).toISOString()
    sendJson(response, 200, { session_token: token, user: await accounts.user(email), expires_at })
  }

  async #tell(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { email, expiresAt } = await this.#session(request)
    const expires_at = new Date(expiresAt).toISOString()
    sendJson(response, 200, { user: await this.#host.accounts.user(email), expires_at })
  }

  async #end(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#checkOrigin(request)
    const { accounts, cookie } = this.#host
    const token = this.tokenOf(request)
    const { id } = await this.#session(request)
    await accounts.end(token ?? "")
    this.#host.disconnect(id)
    sendEmpty(response, 204, { "set-cookie": cookie.clear() })
  }

  async #session(request: IncomingMessage): Promise<Session> {
    const session = await this.#host.accounts.session(this.tokenOf(request))
    if (session === undefined) throw new HttpError(401, "nobody is logged in")
    return session
  }

  /** A browser says where a request that changes something comes from; only our own page may send one. */
  #checkOrigin({ headers }: IncomingMessage): void {
    const { origin } = headers
    const site = headers["sec-fetch-site"]
    const foreign =
      origin === undefined
        ? site !== undefined && site !== "same-origin" && site !== "none"
        : !ownOrigin(origin, this.#host.publicUrl)
    if (foreign) throw new HttpError(403, "this does not come from the chat's own page")
  }

  #checkAddress(request: IncomingMessage): void {
    const waitMs = this.#host.loginsPerAddress.take(this.#host.addressOf(request) ?? "")
    if (waitMs > 0) throw tooMany(waitMs)
  }
}
