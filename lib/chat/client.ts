import { Socket, type Channel, type LostReason } from "rookery"
import {
  resolveChatOptions,
  readServerUrl,
  type ChatClientOptions,
  type ResolvedChatOptions,
} from "./client-options.js"
import { AuthenticationError, ClientError, ConnectionError } from "./errors.js"
import { ChatHandlers, type ChatEvent, type ChatHandler, type ConnectionState } from "./events.js"
import { HttpApi, type BegunSession } from "./http-api.js"
import { fileCache } from "./platform.js"
import { outcome, type Failed, type Renamed, type Sent } from "./outcome.js"
import { Room, type Joined } from "./room.js"
import type { SessionCache } from "./session-cache.js"
import { LOBBY, SOCKET_PATH, type ChatMessage, type ChatTopics, type ChatUser } from "./topics.js"

/**
 * A client of the chat: one socket, any number of rooms.
 *
 * ```ts
 * await using chat = await ChatClient.open("http://localhost:8000", { sessionCacheFile: "session.json" })
 * chat.on("message", ({ user, content }) => console.log(`${user.email}: ${content}`))
 * await chat.send("hello")
 * ```
 */
export class ChatClient {
  readonly #server: string
  readonly #options: ResolvedChatOptions
  readonly #http: HttpApi
  readonly #cache: SessionCache | undefined
  readonly #handlers = new ChatHandlers()
  readonly #rooms = new Map<string, { readonly room: Room; readonly joined: Promise<Joined> }>()
  #token: string
  #user: ChatUser | null = null
  #state: ConnectionState = "disconnected"
  #socket: Socket<ChatTopics> | undefined
  #own: Channel<ChatTopics["user:*"]> | undefined
  /** Counts the calls that connect and disconnect: the newest one decides. */
  #attempt = 0

  /** @param serverUrl the URL of the chat server, such as `https://chat.example.com` */
  constructor(serverUrl: string, options: ChatClientOptions = {}) {
    this.#server = readServerUrl(serverUrl)
    this.#options = resolveChatOptions(options)
    this.#http = new HttpApi(this.#server, this.#options.connectionTimeout)
    this.#token = options.sessionToken ?? ""
    this.#cache = options.sessionCacheFile === undefined ? undefined : fileCache(options.sessionCacheFile)
  }

  /**
   * Creates a client and connects it with the session of its options or of its cache.
   *
   * @throws the errors of {@link ChatClient.connect}
   */
  static async open(serverUrl: string, options?: ChatClientOptions): Promise<ChatClient> {
    const client = new ChatClient(serverUrl, options)
    await client.connect()
    return client
  }

  /** Whether the client is connected and authenticated. */
  get connected(): boolean {
    return this.#state === "connected"
  }

  /** The user that is logged in; `null` until the client is authenticated. */
  get user(): ChatUser | null {
    return this.#user
  }

  get connectionState(): ConnectionState {
    return this.#state
  }

  /** The token of the session; empty if there is none. Keep it secret: it gives access to the account. */
  get sessionToken(): string {
    return this.#token
  }

  /**
   * Adds a handler for an event. A handler may be async. If it throws or rejects, the other handlers still run, and the
   * error becomes an `error` event, or is printed if that event has no handler.
   */
  on<E extends ChatEvent>(event: E, handler: ChatHandler<E>): void {
    this.#handlers.on(event, handler)
  }

  /** Removes one handler, or all handlers of the event. */
  off<E extends ChatEvent>(event: E, handler?: ChatHandler<E>): void {
    this.#handlers.off(event, handler)
  }

  /**
   * Requests a magic link by mail. Resolves with `true` for any valid address, even if no mail is sent to it.
   *
   * @throws a `ConnectionError` if the server cannot be reached or does not answer in time, a `ClientError` if it
   *   refuses the request: the address is invalid, or too many links were requested
   */
  async login(email: string): Promise<true> {
    await this.#http.askForLink(email)
    return true
  }

  /**
   * Connects and joins the lobby. Uses the token of a magic link, which works once, if one is given; else the session
   * of the options, of the last log-in, or of the cache.
   *
   * @throws an `AuthenticationError` if there is no session, the session has ended, or the link was used; a
   *   `ConnectionError` if the server cannot be reached or does not answer in time, or if a later call of `connect()`,
   *   `disconnect()` or `logout()` has ended this one. The client does not retry then.
   */
  async connect(token?: string): Promise<void> {
    const attempt = ++this.#attempt
    await this.#leaveSocket()
    this.#checkNewest(attempt)
    this.#enter("connecting")
    try {
      await this.#authenticate(attempt, token)
      await this.#openSocket(attempt)
    } catch (error) {
      this.#checkNewest(attempt)
      await this.#leaveSocket()
      if (attempt === this.#attempt) this.#enter("disconnected")
      throw error
    }
  }

  /**
   * Whether the server logs in users of its own machine without a link. It does if it listens on loopback and mails no
   * links, for clients on the same machine.
   */
  async offersLocalLogin(): Promise<boolean> {
    return this.#http.offersLocal()
  }

  /**
   * Logs in without a link, as one of the users of the server's own machine (`ada@localhost` and so on), and connects.
   *
   * @throws the errors of {@link ChatClient.connect}, and a `ClientError` if the server does not offer it
   */
  async connectLocally(): Promise<void> {
    const attempt = this.#attempt
    await this.#begin(attempt, this.#http.beginLocally())
    await this.connect()
  }

  /** Disconnects, and stays disconnected until {@link ChatClient.connect} is called again. */
  async disconnect(): Promise<void> {
    const attempt = ++this.#attempt
    const wasThere = this.#state !== "disconnected"
    await this.#leaveSocket()
    if (wasThere && attempt === this.#attempt) this.#over()
  }

  /**
   * Disconnects, ends the session on the server, also for other clients with the same session, and forgets it here.
   *
   * @throws a `ConnectionError` if the server cannot be reached. The session still exists then, and can be used again.
   */
  async logout(): Promise<void> {
    // Disconnects first, so that the end of the session does not count as a lost connection.
    await this.disconnect()
    const ending = this.#token
    if (ending !== "") {
      await this.#http.end(ending).catch((error: unknown) => {
        // The session has ended already.
        if (!(error instanceof AuthenticationError)) throw error
      })
    }
    // A connect() in the meantime may have begun another session.
    if (this.#token === ending) await this.#forget()
  }

  /** Removes the session from the cache. The connection stays open. */
  async clearCachedSession(): Promise<void> {
    await this.#cache?.clear(this.#server)
  }

  /**
   * Sends a message to a room.
   *
   * @returns the message's id once it is stored, or an error: 404 if the room is not joined, 408 without an answer in
   *   time, 503 if the connection was lost before the answer, and the server's own codes
   * @throws a `ConnectionError` while not connected
   */
  async send(content: string, { room = LOBBY }: { room?: string } = {}): Promise<Sent> {
    this.#checkConnected()
    const there = this.#rooms.get(room)
    if (there === undefined) return notJoined(room)
    return outcome(there.room.channel.push("send", { content }, this.#wait))
  }

  /**
   * Changes the display name of the user; `null` removes it.
   *
   * @returns the name once it is stored, or an error as from {@link ChatClient.send}
   * @throws a `ConnectionError` while not connected
   */
  async setDisplayName(name: string | null): Promise<Renamed> {
    const own = this.#checkConnected()
    const renamed = await outcome(own.push("set_display_name", { display_name: name }, this.#wait))
    if (renamed.status === "ok" && this.#user !== null)
      this.#user = { ...this.#user, display_name: renamed.display_name }
    return renamed
  }

  /**
   * Joins a room. Resolves with its users and its last messages. For a room that is joined already, resolves with the
   * same result again.
   *
   * @throws a `ConnectionError` while not connected, a `PushError` with `response.code` if the room is refused
   */
  async join(room: string): Promise<Joined> {
    this.#checkConnected()
    return this.#enterRoom(room)
  }

  /** Leaves a room. */
  async leave(room: string): Promise<void> {
    const there = this.#rooms.get(room)
    this.#rooms.delete(room)
    await there?.room.channel.leave()
  }

  /**
   * The users in a room that was joined.
   *
   * @throws a `ConnectionError` while not connected, a `PushError` or `TimeoutError` if there is no answer
   */
  async users(room: string = LOBBY): Promise<ChatUser[]> {
    const { users } = await this.#roomOf(room).channel.push("users", {}, this.#wait)
    return users
  }

  /**
   * The messages of a room that was joined, the oldest first: the last ones, or those before the message with an id.
   *
   * @throws the same errors as {@link ChatClient.users}
   */
  async history(room: string = LOBBY, range: { before?: string; limit?: number } = {}): Promise<ChatMessage[]> {
    const { messages } = await this.#roomOf(room).channel.push("history", range, this.#wait)
    return messages
  }

  /** The rooms that were joined. */
  get rooms(): string[] {
    return [...this.#rooms.keys()]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.disconnect()
  }

  get #wait(): { timeout: number } {
    return { timeout: this.#options.connectionTimeout }
  }

  #checkConnected(): Channel<ChatTopics["user:*"]> {
    if (this.connected && this.#own !== undefined) return this.#own
    throw new ConnectionError(
      "disconnected",
      `not connected (${this.#state}); call connect(), or wait for authenticated`,
    )
  }

  #roomOf(name: string): Room {
    this.#checkConnected()
    const there = this.#rooms.get(name)
    if (there === undefined) throw new ClientError("not_joined", `the room ${name} is not joined; join() it first`)
    return there.room
  }

  /** Ends an attempt to connect that a later call has overtaken: it would undo a disconnect(), or leave a second socket. */
  #checkNewest(attempt: number): void {
    if (attempt === this.#attempt) return
    throw new ConnectionError("disconnected", "a later connect(), disconnect() or logout() has ended this connect()")
  }

  /** Loads the session and its user. */
  async #authenticate(attempt: number, token: string | undefined): Promise<void> {
    if (token !== undefined) return this.#begin(attempt, this.#http.begin(token))
    if (this.#token === "") {
      const cached = await this.#cache?.read(this.#server)
      this.#checkNewest(attempt)
      this.#token = cached?.token ?? ""
    }
    if (this.#token === "") throw new AuthenticationError("not logged in; call login(email), then connect(token)")
    try {
      const { user } = await this.#http.session(this.#token)
      this.#checkNewest(attempt)
      this.#user = user
    } catch (error) {
      this.#checkNewest(attempt)
      if (error instanceof AuthenticationError) await this.#forget()
      throw error
    }
  }

  /** Takes a session that begins, unless a later call has ended the attempt: after a logout() it must not come back. */
  async #begin(attempt: number, beginning: Promise<BegunSession>): Promise<void> {
    const begun = await beginning
    if (attempt !== this.#attempt) await this.#http.end(begun.session_token).catch(() => {})
    this.#checkNewest(attempt)
    await this.#keep(begun)
    this.#checkNewest(attempt)
  }

  /** Uses a session that has begun from now on, also in the next run. */
  async #keep({ session_token, user, expires_at }: BegunSession): Promise<void> {
    this.#token = session_token
    this.#user = user
    await this.#cache?.write(this.#server, { token: session_token, email: user.email, expires_at })
  }

  /** The session has ended: forgets its token, here and in the cache. */
  async #forget(): Promise<void> {
    this.#token = ""
    this.#user = null
    await this.clearCachedSession()
  }

  async #openSocket(attempt: number): Promise<void> {
    this.#checkNewest(attempt)
    const { serializer, maxReconnectAttempts, connectionTimeout } = this.#options
    const socket = new Socket<ChatTopics>(this.#server + SOCKET_PATH, {
      authToken: () => this.#token,
      serializer,
      timeout: connectionTimeout,
      maxReconnectAttempts,
      reconnectAfterMs: (tries, lost) => this.#mayReconnect(lost) && this.#options.delay(tries),
      rejoinAfterMs: (tries) => this.#options.delay(tries),
    })
    this.#socket = socket
    // Errors are reported by the methods, and by the event `connection_state`.
    socket.onError(() => {})
    socket.onStatus((status, { retryInMs, lost }) => {
      if (this.#socket !== socket) return
      if (status === "reconnecting") this.#enter("reconnecting", retryInMs)
      else if (status === "disconnected" && this.#state !== "connecting") void this.#gaveUp(lost)
    })
    socket.connect()
    try {
      await socket.opened({ timeout: connectionTimeout })
      this.#checkNewest(attempt)
      await this.#enterOwn(socket)
      this.#checkNewest(attempt)
      await this.#enterRoom(LOBBY)
      this.#checkNewest(attempt)
    } catch (error) {
      throw readFailure(error)
    }
  }

  /**
   * Joins the user's own channel. Each join, also after a reconnect, means that the client is connected and
   * authenticated.
   */
  async #enterOwn(socket: Socket<ChatTopics>): Promise<void> {
    const own = socket.channel(`user:${this.#user?.email ?? ""}`)
    this.#own = own
    own.on("display_name_changed", (changed) => {
      this.#user = changed.user
      this.#handlers.emit("display_name_changed", changed)
    })
    const join = own.join()
    join.receive("ok", (joined) => {
      this.#user = joined.user
      this.#enter("connected")
      this.#handlers.emit("authenticated", joined)
    })
    await join
  }

  #enterRoom(name: string): Promise<Joined> {
    const known = this.#rooms.get(name)
    if (known !== undefined) return known.joined
    const channel = (this.#socket as Socket<ChatTopics>).channel(`room:${name}`)
    const room = new Room(
      channel,
      (message) => this.#handlers.emit("message", { ...message, room: name }),
      (error) =>
        this.#handlers.emit("error", { error: `messages may be missing: ${String(error)}`, code: 503, room: name }),
    )
    for (const event of ["user_joined", "user_left", "display_name_changed"] as const) {
      channel.on(event, (details) => this.#handlers.emit(event, { ...details, room: name } as never))
    }
    const joined = room.join()
    this.#rooms.set(name, { room, joined })
    joined.catch(() => {
      channel.leave()
      if (this.#rooms.get(name)?.room === room) this.#rooms.delete(name)
    })
    return joined
  }

  #mayReconnect({ error }: LostReason): boolean {
    // The caller of connect() decides about a retry of the first attempt. A session that has ended cannot be used
    // again.
    return this.#options.reconnect && this.#state !== "connecting" && !isUnauthorized(error)
  }

  /** The last attempt has failed. */
  async #gaveUp(lost: LostReason | undefined): Promise<void> {
    const attempt = this.#attempt
    const ended = isUnauthorized(lost?.error)
    await this.#leaveSocket()
    if (attempt !== this.#attempt) return
    if (ended) await this.#forget()
    if (attempt !== this.#attempt) return
    this.#over()
    const error = ended
      ? "the session has ended; log in again"
      : "the connection is lost, and all attempts to reconnect failed"
    this.#handlers.emit("error", { error, code: ended ? 401 : 503 })
  }

  #over(): void {
    this.#enter("disconnected")
    this.#handlers.emit("disconnect", {})
  }

  async #leaveSocket(): Promise<void> {
    const socket = this.#socket
    this.#socket = undefined
    this.#own = undefined
    this.#rooms.clear()
    await socket?.[Symbol.asyncDispose]()
  }

  #enter(state: ConnectionState, retryInMs?: number): void {
    if (this.#state === state && retryInMs === undefined) return
    this.#state = state
    this.#handlers.emit("connection_state", retryInMs === undefined ? { state } : { state, retry_in_ms: retryInMs })
  }
}

const notJoined = (room: string): Failed => ({ error: `the room ${room} is not joined`, code: 404 })

const isUnauthorized = (error: unknown): boolean => (error as { status?: unknown } | undefined)?.status === 401

/** Converts an error of connecting to one of the chat's own errors. */
function readFailure(error: unknown): unknown {
  if (isUnauthorized(error)) return new AuthenticationError("the session has ended; log in again", error)
  const { code, message } = error as { code?: string; message: string }
  if (code === "timeout") return new ConnectionError("timeout", message, error)
  return new ConnectionError("connect_failed", `could not connect: ${message}`, error)
}
