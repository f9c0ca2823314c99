import { existsSync } from "node:fs"
import type { IncomingMessage, ServerResponse } from "node:http"
import type { AddressInfo, ListenOptions } from "node:net"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import {
  addressOf,
  consoleLogger,
  contract,
  Endpoint,
  Refused,
  RookeryError,
  type AnyHttpServer,
  type CloseOptions,
  type ConnectRequest,
  type ServerSocket,
} from "rookery/server/node"
import { SOCKET_PATH, type ChatTopics } from "../topics.js"
import { Accounts } from "./accounts.js"
import type { ChannelsOptions } from "./chat-channels.js"
import { Directory } from "./directory.js"
import { DisplayNames } from "./display-names.js"
import { logMail, smtpMail, type Mail } from "./mail.js"
import { memoryStore } from "./memory-store.js"
import { DEFAULT_CHAT_LIMITS, type ChatLimits, type ChatServerOptions } from "./options.js"
import { People, type ChatAssigns } from "./people.js"
import { isLocalRequest } from "./local-login.js"
import { isLocalName, isLoopback, localUrl, ownOrigin, readPublicUrl } from "./public-url.js"
import { RateLimiter } from "./rate-limiter.js"
import { roomChannel } from "./room-channel.js"
import { Routes } from "./routes.js"
import { SessionCookie } from "./session-cookie.js"
import { StaticFiles } from "./static-files.js"
import type { ChatStore } from "./store.js"
import { userChannel } from "./user-channel.js"

// CommonJS has `__dirname`, ES modules have `import.meta.url`.
const HERE = typeof __dirname === "string" ? __dirname : dirname(fileURLToPath(import.meta.url))
/** The folder of the built page, next to the built file. It does not exist next to the sources. */
const OWN_PAGE = join(HERE, "page")

function openPage(page: string | false | undefined): StaticFiles | undefined {
  if (page === false || (page === undefined && !existsSync(OWN_PAGE))) return undefined
  return new StaticFiles(page ?? OWN_PAGE)
}

/** The interval between two sweeps of expired data. */
const SWEEP_MS = 60_000
const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

/** The address that a server listens on; `undefined` if it does not listen, or listens on a Unix socket. */
function listensAt(server: AnyHttpServer): AddressInfo | undefined {
  const address = server.address()
  return typeof address === "object" && address !== null ? address : undefined
}

/**
 * The chat: log-in by magic links, rooms over one socket, and the web page.
 *
 * ```ts
 * const chat = new ChatServer({ store: await lmdbStore("data") })
 * await chat.listen({ port: 8000 })
 * ```
 */
export class ChatServer {
  /** The endpoint of its socket. You can add your own channels to those of the chat. */
  readonly endpoint: Endpoint<ChatTopics, ChatAssigns>
  readonly #options: ChatServerOptions
  readonly #store: ChatStore
  readonly #mail: Mail
  readonly #limits: ChatLimits
  readonly #origins: readonly string[]
  readonly #now: () => number
  readonly #accounts: Accounts
  readonly #people = new People()
  readonly #routes: Routes
  readonly #served = new Map<AnyHttpServer, () => void>()
  readonly #sweeping: NodeJS.Timeout
  #publicUrl: string | undefined
  #cookie: SessionCookie
  /** The result of starting the mail. Rejects if links cannot be sent. */
  #mailStarted: Promise<void> | undefined
  #closing: Promise<void> | undefined

  constructor(options: ChatServerOptions = {}) {
    const { store = memoryStore(), now = Date.now, print = console.log, page, trustProxy = false } = options
    this.#options = options
    this.#limits = { ...DEFAULT_CHAT_LIMITS, ...options.limits }
    this.#now = now
    this.#store = store
    this.#mail = options.mail ?? smtpMail(process.env) ?? logMail(print)
    this.#publicUrl = options.publicUrl === undefined ? undefined : readPublicUrl(options.publicUrl)
    this.#origins = (options.origins ?? []).map((origin) => readPublicUrl(origin, "origins"))
    this.#cookie = new SessionCookie(this.#publicUrl?.startsWith("https:") ?? false)
    const sessionMs = (options.sessionDays ?? 30) * DAY
    this.#accounts = new Accounts({ store, linkMs: (options.linkMinutes ?? 15) * MINUTE, sessionMs, now })
    const isOwnOrigin = (origin: string): boolean => ownOrigin(origin, this.publicUrl, this.#origins)
    const failed = (error: unknown, where: string): void => this.#failed(error, where)
    this.endpoint = new Endpoint<ChatTopics, ChatAssigns>({
      ...options.endpoint,
      topics: contract<ChatTopics>(),
      path: SOCKET_PATH,
      trustProxy,
      logger: options.logger ?? consoleLogger,
      origins: isOwnOrigin,
      connect: (request) => this.#connect(request),
    })
    this.#openChannels(failed)
    const chat = this
    this.#routes = new Routes({
      accounts: this.#accounts,
      mail: this.#mail,
      files: openPage(page),
      linksPerEmail: new RateLimiter(this.#limits.linksPerEmail, now),
      linksPerMailbox: new RateLimiter(this.#limits.linksPerMailbox, now),
      loginsPerAddress: new RateLimiter(this.#limits.loginsPerAddress, now),
      sessionMs,
      mayLogIn: options.mayLogIn ?? (() => true),
      home: options.home ?? "/",
      mayLogInHere: (request) => this.#mayLogInHere(request),
      isHere: (email) => this.#people.sockets(email) > 0,
      get publicUrl() {
        return chat.publicUrl
      },
      get cookie() {
        return chat.#cookie
      },
      isOwnOrigin,
      addressOf: (request) => addressOf(request, trustProxy),
      disconnect: (id) => this.endpoint.disconnect(id),
      failed,
    })
    this.#sweeping = setInterval(() => void this.sweep(), SWEEP_MS).unref()
  }

  /** The beginning of links. Known from the start if it was given, else once the server listens. */
  get publicUrl(): string {
    if (this.#publicUrl === undefined) throw new RookeryError("bad_option", "publicUrl is not known before it listens")
    return this.#publicUrl
  }

  /** Listens on a server of its own, on loopback only unless a `host` is given. Resolves with the address. */
  async listen(options: ListenOptions = {}): Promise<AddressInfo> {
    const { host = "127.0.0.1", ...rest } = options
    this.#checkMail(host)
    if (this.#publicUrl === undefined) localUrl(host, 0)
    await this.#startMail()
    const address = await this.endpoint.listen({ port: 0, ...rest, host }, (request, response) => {
      void this.#routes.answer(request, response)
    })
    this.#publicUrl ??= localUrl(address.address, address.port)
    return address
  }

  /**
   * Serves all paths of your own server. Needs a `publicUrl` and a mail server, unless your server listens already, on
   * loopback only.
   */
  attach(server: AnyHttpServer): void {
    const at = listensAt(server)
    this.#checkMail(at?.address)
    if (this.#publicUrl === undefined) {
      if (at === undefined) throw new RookeryError("bad_option", "publicUrl is not set: links need one")
      this.#publicUrl = localUrl(at.address, at.port)
    }
    if (this.#served.has(server)) return
    const detach = this.endpoint.attach(server)
    const answer = (request: IncomingMessage, response: ServerResponse): void => {
      void this.#routes.answer(request, response)
    }
    server.on("request", answer)
    this.#served.set(server, () => {
      detach()
      server.off("request", answer)
    })
    void this.#startMail()
  }

  /** Closes the sockets of expired sessions, and removes expired data from the store. Runs by itself every minute. */
  async sweep(): Promise<void> {
    try {
      for (const id of this.#people.expired(this.#now())) this.endpoint.disconnect(id)
      const now = this.#now()
      await this.#store.prune(now, now - (this.#options.roomDays ?? 90) * DAY)
      // A log-out on another server may not have reached this one, if the cluster was unreachable.
      for (const id of this.#people.sessions) {
        if (!(await this.#accounts.isOpen({ id }))) this.endpoint.disconnect(id)
      }
    } catch (error) {
      this.#failed(error, "sweep")
    }
  }

  /** Closes all clients gracefully, and closes the store. */
  close(options: CloseOptions = {}): Promise<void> {
    return (this.#closing ??= this.#close(options))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(options: CloseOptions): Promise<void> {
    clearInterval(this.#sweeping)
    await this.endpoint.close(options)
    for (const letGo of this.#served.values()) letGo()
    await this.#store.close()
  }

  #openChannels(failed: ChannelsOptions["failed"]): void {
    const { endpoint } = this
    const limiter = (name: "messagesPerUser" | "typingPerUser" | "asksPerUser" | "newRooms"): RateLimiter =>
      new RateLimiter(this.#limits[name], this.#now)
    const hasDirectory = (this.#options.directory ?? true) && this.#store.rooms !== undefined
    const channels: ChannelsOptions = {
      endpoint,
      store: this.#store,
      people: this.#people,
      directory: hasDirectory ? new Directory(endpoint, this.#store, this.#now) : undefined,
      messagesPerUser: limiter("messagesPerUser"),
      typingPerUser: limiter("typingPerUser"),
      asksPerUser: limiter("asksPerUser"),
      history: this.#options.history ?? 50,
      newRooms: limiter("newRooms"),
      kept: {
        messages: this.#limits.messagesPerRoom,
        rooms: this.#limits.rooms,
        roomsPerUser: this.#limits.roomsPerUser,
      },
      now: this.#now,
      failed,
    }
    endpoint.channel("room:*", roomChannel(channels))
    endpoint.channel("user:*", userChannel(channels))
    const names = new DisplayNames(endpoint, this.#people)
    endpoint.on("socketConnected", ({ socket }) => {
      const assigns = socket.assigns as ChatAssigns
      this.#people.came(assigns)
      names.follow(assigns.email)
      void this.#checkStillOpen(socket)
    })
    endpoint.on("socketClosed", ({ socket }) => {
      const assigns = socket.assigns as ChatAssigns
      this.#people.went(assigns)
      names.unfollow(assigns.email)
    })
  }

  async #connect({ authToken, request }: ConnectRequest): Promise<{ id: string; assigns: ChatAssigns }> {
    const token = authToken ?? (request && this.#routes.tokenOf(request))
    const session = await this.#accounts.session(token)
    if (session === undefined) throw new Refused({ error: "not logged in", code: 401 }, { status: 401 })
    const { id, email } = session
    if (this.#people.sockets(email) >= this.#limits.socketsPerUser) {
      throw new Refused({ error: "too many sockets are open", code: 429 }, { status: 429 })
    }
    return { id, assigns: { email, session, user: await this.#accounts.user(email) } }
  }

  /** Closes a new socket if, while it was being opened, its session has ended or its user got too many sockets. */
  async #checkStillOpen(socket: ServerSocket): Promise<void> {
    try {
      const { session, email } = socket.assigns as ChatAssigns
      const isOpen = await this.#accounts.isOpen(session)
      if (!isOpen || this.#people.sockets(email) > this.#limits.socketsPerUser) socket.disconnect()
    } catch (error) {
      this.#failed(error, "session")
      socket.disconnect()
    }
  }

  /**
   * Whether a request may use the one-click log-in. Mailed links, or a public URL elsewhere, mean that others use this
   * server.
   */
  #mayLogInHere(request: IncomingMessage): boolean {
    const { localLogin = true, trustProxy = false } = this.#options
    if (!localLogin || trustProxy !== false || this.#mail.loopbackOnly !== true) return false
    return isLocalName(new URL(this.publicUrl).hostname) && isLocalRequest(request)
  }

  #startMail(): Promise<void> {
    if (this.#mailStarted === undefined) {
      this.#mailStarted = (async () => this.#mail.start?.())()
      this.#mailStarted.catch((error: unknown) => this.#failed(error, "mail"))
    }
    return this.#mailStarted
  }

  #checkMail(host: string | undefined): void {
    if (!this.#mail.loopbackOnly || (host !== undefined && isLoopback(host))) return
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
