import { existsSync } from "node:fs"
import { createServer, type Server as HttpServer } from "node:http"
import type { Server as HttpsServer } from "node:https"
import type { AddressInfo, ListenOptions } from "node:net"
import { fileURLToPath } from "node:url"
import { RookeryError } from "rookery"
import {
  addressOf,
  consoleLogger,
  contract,
  Endpoint,
  Refused,
  type CloseOptions,
  type ConnectRequest,
} from "rookery/server"
import { SOCKET_PATH, type ChatTopics } from "../topics.js"
import { Accounts } from "./accounts.js"
import { roomChannel, userChannel, type ChannelsOptions } from "./channels.js"
import { logMail, smtpMail, type Mail } from "./mail.js"
import { memoryStore } from "./memory-store.js"
import { DEFAULT_CHAT_LIMITS, LINK_MS, SESSION_MS, type ChatServerOptions } from "./options.js"
import { People, type ChatAssigns } from "./people.js"
import { isLoopback, localUrl, ownOrigin, readPublicUrl } from "./public-url.js"
import { RateLimiter } from "./rate-limiter.js"
import { Routes } from "./routes.js"
import { SessionCookie } from "./session-cookie.js"
import { StaticFiles } from "./static-files.js"
import type { ChatStore } from "./store.js"

/** Beside the built file; there is none beside the sources. */
const OWN_PAGE = fileURLToPath(new URL("page", import.meta.url))

function openPage(page: string | false | undefined): StaticFiles | undefined {
  if (page === false || (page === undefined && !existsSync(OWN_PAGE))) return undefined
  return new StaticFiles(page ?? OWN_PAGE)
}

/** How often what has expired is looked for. */
const SWEEP_MS = 60_000

/**
 * The chat: log-in by magic links, rooms over one socket, and the web page.
 *
 * ```ts
 * const chat = new ChatServer({ store: await lmdbStore("data") })
 * await chat.listen({ port: 8000 })
 * ```
 */
export class ChatServer {
  /** The endpoint of its socket: for channels of your own beside the chat's. */
  readonly endpoint: Endpoint<ChatTopics, ChatAssigns>
  readonly #store: ChatStore
  readonly #mail: Mail
  readonly #options: ChatServerOptions
  readonly #now: () => number
  readonly #accounts: Accounts
  readonly #people = new People()
  readonly #routes: Routes
  #publicUrl: string | undefined
  #cookie: SessionCookie
  #own: HttpServer | undefined
  #sweeping: NodeJS.Timeout

  constructor(options: ChatServerOptions = {}) {
    const { store = memoryStore(), now = Date.now, print = console.log, page, trustProxy = false } = options
    const limits = { ...DEFAULT_CHAT_LIMITS, ...options.limits }
    this.#options = options
    this.#now = now
    this.#store = store
    this.#mail = options.mail ?? smtpMail(process.env) ?? logMail(print)
    this.#publicUrl = options.publicUrl === undefined ? undefined : readPublicUrl(options.publicUrl)
    this.#cookie = new SessionCookie(this.#publicUrl?.startsWith("https:") ?? false)
    const sessionMs = options.sessionMs ?? SESSION_MS
    this.#accounts = new Accounts({ store, linkMs: options.linkMs ?? LINK_MS, sessionMs, now })
    this.endpoint = new Endpoint<ChatTopics, ChatAssigns>({
      ...options.endpoint,
      topics: contract<ChatTopics>(),
      path: SOCKET_PATH,
      trustProxy,
      logger: options.logger ?? consoleLogger,
      origins: (origin) => ownOrigin(origin, this.publicUrl),
      connect: (request) => this.#connect(request),
    })
    const channels: ChannelsOptions = {
      endpoint: this.endpoint,
      store,
      people: this.#people,
      limiter: new RateLimiter(limits.messagesPerUser, now),
      history: options.history ?? 50,
      now,
    }
    this.endpoint.channel("room:*", roomChannel(channels))
    this.endpoint.channel("user:*", userChannel(channels))
    this.endpoint.on("socketConnected", ({ socket }) => this.#people.came(socket.assigns as ChatAssigns))
    this.endpoint.on("socketClosed", ({ socket }) => this.#people.went(socket.assigns as ChatAssigns))
    const chat = this
    this.#routes = new Routes({
      accounts: this.#accounts,
      mail: this.#mail,
      files: openPage(page),
      linksPerEmail: new RateLimiter(limits.linksPerEmail, now),
      loginsPerAddress: new RateLimiter(limits.loginsPerAddress, now),
      sessionMs,
      get publicUrl() {
        return chat.publicUrl
      },
      get cookie() {
        return chat.#cookie
      },
      addressOf: (request) => addressOf(request, trustProxy),
      disconnect: (id) => this.endpoint.disconnect(id),
      failed: (error, where) => this.#failed(error, where),
    })
    this.#sweeping = setInterval(() => void this.sweep(), SWEEP_MS).unref()
  }

  /** What links begin with. Known from the start if it was given, else once the server listens. */
  get publicUrl(): string {
    if (this.#publicUrl === undefined) throw new RookeryError("bad_option", "publicUrl is not known before it listens")
    return this.#publicUrl
  }

  /** Listens on a server of its own: on this machine only, unless a `host` is given. */
  async listen(options: ListenOptions = {}): Promise<AddressInfo> {
    const { host = "127.0.0.1", ...rest } = options
    this.#checkMail(host)
    if (this.#publicUrl === undefined) localUrl(host, 0)
    const server = createServer()
    this.#serve(server)
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject)
      server.listen({ port: 0, ...rest, host }, resolve)
    })
    this.#own = server
    const address = server.address() as AddressInfo
    this.#publicUrl ??= localUrl(host, address.port)
    return address
  }

  /** Serves a server of yours, all of its paths. Needs a `publicUrl`, and mail that is more than a line in the log. */
  attach(server: HttpServer | HttpsServer): void {
    this.#checkMail("")
    if (this.#publicUrl === undefined) throw new RookeryError("bad_option", "publicUrl is not set: links need one")
    this.#serve(server)
  }

  /** Ends sessions that have expired, and throws away what is too old. Happens by itself every minute. */
  async sweep(): Promise<void> {
    try {
      await this.#store.prune(this.#now(), this.#options.messagesPerRoom ?? 10_000)
      this.#people.expired(this.#now()).forEach((id) => this.endpoint.disconnect(id))
    } catch (error) {
      this.#failed(error, "sweep")
    }
  }

  /** Sends everybody away in good order, and lets go of the store. */
  async close(options: CloseOptions = {}): Promise<void> {
    clearInterval(this.#sweeping)
    const stopped = new Promise<void>((resolve) => {
      if (this.#own === undefined) resolve()
      else this.#own.close(() => resolve())
    })
    await this.endpoint.close(options)
    this.#own?.closeAllConnections()
    await stopped
    await this.#store.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #serve(server: HttpServer | HttpsServer): void {
    this.endpoint.attach(server)
    server.on("request", (request, response) => void this.#routes.answer(request, response))
  }

  async #connect({ authToken, request }: ConnectRequest): Promise<{ id: string; assigns: ChatAssigns }> {
    const session = await this.#accounts.session(authToken ?? (request && this.#routes.tokenOf(request)))
    if (session === undefined) throw new Refused({ error: "nobody is logged in", code: 401 }, { status: 401 })
    const { id, email } = session
    return { id, assigns: { email, session, user: await this.#accounts.user(email) } }
  }

  #checkMail(host: string): void {
    if (!this.#mail.loopbackOnly || isLoopback(host)) return
    throw new RookeryError(
      "bad_option",
      "links cannot be sent: set SMTP_URL (or SMTP_HOST) and MAIL_FROM, or listen on 127.0.0.1 only",
    )
  }

  #failed(error: unknown, where: string): void {
    const { logger = consoleLogger } = this.#options
    if (logger !== false) logger("error", `the chat: ${where} failed`, { error })
  }
}
