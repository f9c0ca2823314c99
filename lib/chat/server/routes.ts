import type { IncomingMessage, ServerResponse } from "node:http"
import type { ChatUser } from "../topics.js"
import type { Accounts, NewSession, Session } from "./accounts.js"
import { readEmail } from "./checks.js"
import { HttpError, readForm, readJson, sendBody, sendEmpty, sendError, sendJson } from "./http.js"
import { errorPage, linkPage, usedLinkPage } from "./pages.js"
import { nextLocalPerson } from "./local-login.js"
import type { Mail } from "./mail.js"
import { Places } from "./places.js"
import { networkOf, type RateLimiter } from "./rate-limiter.js"
import type { SessionCookie } from "./session-cookie.js"
import type { StaticFiles } from "./static-files.js"

/** The parts of the chat that the routes need. */
export interface RoutesHost {
  readonly accounts: Accounts
  readonly mail: Mail
  readonly files: StaticFiles | undefined
  /** Limits links by mail address and network. */
  readonly linksPerEmail: RateLimiter
  /** Limits links by mail address. */
  readonly linksPerMailbox: RateLimiter
  readonly loginsPerAddress: RateLimiter
  mayLogIn(email: string): boolean | Promise<boolean>
  /** Whether a request may log in with one click. */
  mayLogInHere(request: IncomingMessage): boolean
  /** Whether a user is connected. */
  isHere(email: string): boolean
  /** The path of the chat's page. */
  readonly home: string
  /** Known once the server listens. */
  readonly publicUrl: string
  readonly cookie: SessionCookie
  readonly sessionMs: number
  isOwnOrigin(origin: string): boolean
  addressOf(request: IncomingMessage): string | undefined
  /** Closes the sockets of a session. */
  disconnect(sessionId: string): void
  failed(error: unknown, where: string): void
}

const HTML = "text/html; charset=utf-8"
// The page has the link's token in its URL, so its referrer is only the origin. With `no-referrer` the browser would
// send the form with the origin `null`, which is refused.
const LOGIN_HEADERS = { "cache-control": "no-store", "referrer-policy": "strict-origin" }
const ONLY_HERE = "log in by a link: one click is for this machine alone"
const BEARER = /^Bearer ([\w-]+)$/i

/** The most mails that are being sent at once, because the mail server may be slow. */
const MAX_MAILS = 100
/** The most of these that one network may have requested, so that it leaves room for others. */
const MAX_MAILS_PER_NETWORK = 10

const METHODS: Readonly<Record<string, string>> = {
  "/api/login": "GET, HEAD, POST",
  "/api/login/local": "POST",
  "/api/session": "GET, HEAD, POST, DELETE",
  "/login": "GET, HEAD, POST",
}

function tooMany(waitMs: number, what = "that was asked for too often"): HttpError {
  const seconds = Math.ceil(waitMs / 1000)
  return new HttpError(429, `${what}; wait ${seconds} s`, { "retry-after": String(seconds) })
}

/** The HTTP requests of the chat: links, sessions, and the page. */
export class Routes {
  readonly #host: RoutesHost
  readonly #mails = new Places(MAX_MAILS, MAX_MAILS_PER_NETWORK)

  constructor(host: RoutesHost) {
    this.#host = host
  }

  /** Answers a request. Never rejects. */
  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.#route(request, response)
    } catch (error) {
      if (response.headersSent) return void response.destroy()
      if (error instanceof HttpError) return this.#refuse(request, response, error)
      this.#host.failed(error, "http")
      this.#refuse(request, response, new HttpError(500, "something went wrong"))
    }
  }

  /** The token of a request, from its header or its cookie. */
  tokenOf(request: IncomingMessage): string | undefined {
    return BEARER.exec(request.headers.authorization ?? "")?.[1] ?? this.#host.cookie.read(request)
  }

  #route(request: IncomingMessage, response: ServerResponse): Promise<void> | void {
    const [path = "/", query = ""] = (request.url ?? "/").split("?", 2)
    const method = request.method === "HEAD" ? "GET" : request.method
    switch (`${method} ${path}`) {
      case "GET /api/login":
        return this.#tellWays(request, response)
      case "POST /api/login/local":
        return this.#logInHere(request, response)
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
    const allow = METHODS[path] ?? (this.#host.files?.has(path) ? "GET, HEAD" : undefined)
    if (allow === undefined) throw new HttpError(404, "there is nothing here")
    throw new HttpError(405, `${path} takes ${allow}`, { allow })
  }

  /** Answers with an error: as a page to a browser that goes to a page, as JSON to all others. */
  #refuse({ url = "/", headers }: IncomingMessage, response: ServerResponse, error: HttpError): void {
    if (url.startsWith("/api/") || !headers.accept?.includes("text/html")) return sendError(response, error)
    const { answer, headers: extra } = error
    const always = { ...LOGIN_HEADERS, connection: "close", vary: "accept" }
    sendBody(response, answer.code, HTML, errorPage(answer, this.#host.home), { ...always, ...extra })
  }

  /**
   * Answers whether the page may offer the one-click log-in, and with the browser's session, or `null`. A page asks
   * this first: browsers show every 401 in red in their console, and being logged out is not an error.
   */
  async #tellWays(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const session = await this.#host.accounts.session(this.tokenOf(request))
    const told = session === undefined ? null : await this.#describe(session)
    const headers = session === undefined ? this.#clearCookie(request) : undefined
    sendJson(response, 200, { local: this.#host.mayLogInHere(request), session: told }, headers)
  }

  async #logInHere(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#checkOrigin(request, true)
    if (!this.#host.mayLogInHere(request)) throw new HttpError(403, ONLY_HERE)
    this.#checkAddress(request)
    await readJson(request)
    const { token } = await this.#beginHere()
    await this.#giveCookie(request, response, token, 204)
  }

  /** Begins a session of the next user of this machine, for a request that may have it. */
  async #beginHere(): Promise<NewSession> {
    const { accounts, isHere, mayLogIn } = this.#host
    const { email, name } = nextLocalPerson(isHere)
    if (!(await mayLogIn(email))) throw new HttpError(403, `${email} may not log in`)
    await accounts.nameIfNameless(email, name)
    return accounts.begin(email)
  }

  async #askForLink(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#checkOrigin(request)
    this.#checkAddress(request)
    const { publicUrl } = this.#host
    const network = networkOf(this.#host.addressOf(request))
    const email = readEmail((await readJson(request))["email"])
    if (email === undefined) throw new HttpError(400, "that is not an e-mail address")
    this.#checkLinks(email, network)
    if (!this.#mails.take(network)) throw new HttpError(503, "too many mails are being sent; try again soon")
    sendJson(response, 202, { status: "ok" })
    // Work that depends on the address is done after the answer, so that the answer's time reveals nothing about it.
    void this.#sendLink(email, publicUrl).finally(() => this.#mails.giveBack(network))
  }

  /**
   * Limits the links for one mail address, first for each network, so that a stranger who requests links for it does
   * not lock its owner out; then for all networks together, so that strangers cannot flood the mailbox. At the second
   * limit the owner has working links: every link is mailed to the owner, and no link ends another one.
   */
  #checkLinks(email: string, network: string): void {
    const { linksPerEmail, linksPerMailbox } = this.#host
    const waitMs = linksPerEmail.take(`${email} ${network}`)
    if (waitMs > 0) throw tooMany(waitMs)
    const mailboxMs = linksPerMailbox.take(email)
    if (mailboxMs > 0) throw tooMany(mailboxMs, "many links were sent to this address: use the newest, or ask later")
  }

  async #sendLink(email: string, publicUrl: string): Promise<void> {
    const { accounts, mail, mayLogIn, failed } = this.#host
    try {
      if (!(await mayLogIn(email))) return
      await mail.send(email, `${publicUrl}/login?token=${await accounts.makeLink(email)}`)
    } catch (error) {
      failed(error, "mail")
    }
  }

  #showLink(query: string, response: ServerResponse): void {
    const token = new URLSearchParams(query).get("token") ?? ""
    sendBody(response, 200, HTML, linkPage(token), LOGIN_HEADERS)
  }

  async #useLink(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#checkOrigin(request, true)
    this.#checkAddress(request)
    const { accounts, home } = this.#host
    const session = await accounts.redeem((await readForm(request)).get("token"))
    if (session === undefined) return sendBody(response, 401, HTML, usedLinkPage(home), LOGIN_HEADERS)
    await this.#giveCookie(request, response, session.token, 303, { location: home })
  }

  /** Ends a log-in: the browser has this session from now on. */
  async #giveCookie(
    request: IncomingMessage,
    response: ServerResponse,
    token: string,
    status: number,
    headers: Record<string, string> = {},
  ): Promise<void> {
    const { cookie, sessionMs } = this.#host
    await this.#replace(cookie.read(request))
    sendEmpty(response, status, { ...headers, "set-cookie": cookie.set(token, sessionMs) })
  }

  /** Ends the session that the browser had before: its cookie is replaced, so it could not be ended later. */
  async #replace(token: string | undefined): Promise<void> {
    const { accounts, disconnect } = this.#host
    const before = await accounts.session(token)
    if (before === undefined || token === undefined) return
    await accounts.end(token)
    disconnect(before.id)
  }

  async #begin(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#checkOrigin(request)
    this.#checkAddress(request)
    const { accounts } = this.#host
    const { token: link, local } = await readJson(request)
    if (local === true && !this.#host.mayLogInHere(request)) throw new HttpError(403, ONLY_HERE)
    const session = local === true ? await this.#beginHere() : await accounts.redeem(link)
    if (session === undefined) throw new HttpError(401, "this link has been used or has expired; ask for a new one")
    sendJson(response, 200, { session_token: session.token, ...(await this.#describe(session)) })
  }

  async #tell(request: IncomingMessage, response: ServerResponse): Promise<void> {
    sendJson(response, 200, await this.#describe(await this.#session(request)))
  }

  async #describe({ email, expiresAt }: Session): Promise<{ user: ChatUser; expires_at: string }> {
    return { user: await this.#host.accounts.user(email), expires_at: new Date(expiresAt).toISOString() }
  }

  async #end(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A browser adds the cookie to requests of any page; only a client that has the token can send it in a header.
    this.#checkOrigin(request, request.headers.authorization === undefined)
    const { accounts, cookie } = this.#host
    const token = this.tokenOf(request)
    const { id } = await this.#session(request)
    await accounts.end(token ?? "")
    this.#host.disconnect(id)
    sendEmpty(response, 204, { "set-cookie": cookie.clear() })
  }

  async #session(request: IncomingMessage): Promise<Session> {
    const session = await this.#host.accounts.session(this.tokenOf(request))
    if (session !== undefined) return session
    throw new HttpError(401, "not logged in", this.#clearCookie(request))
  }

  /** The header that removes the cookie of a session that is over, if the request has one. */
  #clearCookie(request: IncomingMessage): Record<string, string> | undefined {
    const { cookie } = this.#host
    return cookie.read(request) === undefined ? undefined : { "set-cookie": cookie.clear() }
  }

  /**
   * Refuses requests of other pages: a browser tells the origin of each request that changes data. Other clients tell
   * none, and may do everything that needs no cookie.
   */
  #checkOrigin({ headers }: IncomingMessage, mustSay = false): void {
    const { origin } = headers
    const site = headers["sec-fetch-site"]
    const isOwn =
      origin === undefined || origin === "null"
        ? site === "same-origin" || (site === undefined && origin === undefined && !mustSay)
        : this.#host.isOwnOrigin(origin)
    if (!isOwn) throw new HttpError(403, "this does not come from the chat's own page")
  }

  #checkAddress(request: IncomingMessage): void {
    const waitMs = this.#host.loginsPerAddress.take(networkOf(this.#host.addressOf(request)))
    if (waitMs > 0) throw tooMany(waitMs)
  }
}
