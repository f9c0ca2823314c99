import { Socket, type Channel, type LostReason } from "rookery"
import {
  resolveChatOptions,
  readServerUrl,
  type ChatClientOptions,
  type ResolvedChatOptions,
} from "./client-options.js"
import { AuthenticationError, ClientError, ConnectionError } from "./errors.js"
import { ChatHandlers, type ChatEvent, type ChatHandler, type ConnectionState } from "./events.js"
import { HttpApi } from "./http-api.js"
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

  /** @param serverUrl where the chat is: `https://chat.example.com` */
  constructor(serverUrl: string, options: ChatClientOptions = {}) {
    this.#server = readServerUrl(serverUrl)
    this.#options = resolveChatOptions(options)
    this.#http = new HttpApi(this.#server, this.#options.connectionTimeout)
    this.#token = options.sessionToken ?? ""
    this.#cache = options.sessionCacheFile === undefined ? undefined : fileCache(options.sessionCacheFile)
  }

  /**
   * Makes a client and connects it, by the session of its options or of its cache.
   *
   * @throws what {@link ChatClient.connect} throws
   */
  static async open(serverUrl: string, options?: ChatClientOptions): Promise<ChatClient> {
    const client = new ChatClient(serverUrl, options)
    await client.connect()
    return client
  }

  /** Whether it is connected and authenticated. */
  get connected(): boolean {
    return this.#state === "connected"
  }

  /** Who is logged in; `null` before the client was authenticated. */
  get user(): ChatUser | null {
    return this.#user
  }

  get connectionState(): ConnectionState {
    return this.#state
  }

  /** The token of the session; empty if there is none. Whoever has it is logged in. */
  get sessionToken(): string {
    return this.#token
  }

  /**
   * Calls back at an event. A handler may be async. One that throws or rejects does not keep others from running; it is
   * told as an `error` event, or printed if nobody listens to those.
   */
  on<E extends ChatEvent>(event: E, handler: ChatHandler<E>): void {
    this.#handlers.on(event, handler)
  }

  /** Takes off one handler, or all of the event. */
  off<E extends ChatEvent>(event: E, handler?: ChatHandler<E>): void {
    this.#handlers.off(event, handler)
  }

  /**
   * Asks for a link by mail; `true` when it was asked for, whether there is such an address or not.
   *
   * @throws a `ConnectionError` if the server cannot be reached or does not answer in time, a `ClientError` if it refuses:
   *   the address is none, or was asked for too often
   */
  async login(email: string): Promise<true> {
    await this.#http.askForLink(email)
    return true
  }

  /**
   * Connects, and enters the lobby: with the token of a magic link, which is used up, else with the session of the
   * options, of the last log-in, or of the cache.
   *
   * @throws an `AuthenticationError` if there is no session, or it has ended, or the link was used, a `ConnectionError`
   *   if the server cannot be reached or does not answer in time; it is not tried again by itself then
   */
  async connect(token?: string): Promise<void> {
    await this.#leaveSocket()
    this.#enter("connecting")
    try {
      await this.#authenticate(token)
      await this.#openSocket()
    } catch (error) {
      await this.#leaveSocket()
      this.#enter("disconnected")
      throw error
    }
  }

  /** Ends the connection, and stays disconnected until {@link ChatClient.connect} is called again. */
  async disconnect(): Promise<void> {
    const wasThere = this.#state !== "disconnected"
    await this.#leaveSocket()
    if (wasThere) this.#over()
  }

  /**
   * Disconnects, ends the session on the server, for all who use it, and forgets it here.
   *
   * @throws a `ConnectionError` if the server cannot be reached: the session lives on then, and can be connected again
   */
  async logout(): Promise<void> {
    // First, so that the end of the session is no lost connection.
    await this.disconnect()
    if (this.#token !== "") {
      await this.#http.end(this.#token).catch((error: unknown) => {
        // Ended already is ended as well.
        if (!(error instanceof AuthenticationError)) throw error
      })
    }
    await this.#forget()
  }

  /** Forgets the session in the cache. The connection goes on. */
  async clearCachedSession(): Promise<void> {
    await this.#cache?.clear(this.#server)
  }

  /**
   * Says something in a room.
   *
   * @returns the message's id once it is stored; or why not: 404 for a room that was not joined, 408 without an answer in
   *   time, 503 if the line went before the answer, and the server's own codes
   * @throws a `ConnectionError` while not connected
   */
  async send(content: string, { room = LOBBY }: { room?: string } = {}): Promise<Sent> {
    this.#checkConnected()
    const there = this.#rooms.get(room)
    if (there === undefined) return notJoined(room)
    return outcome(there.room.channel.push("send", { content }, this.#wait))
  }

  /**
   * Gives oneself another display name, or none.
   *
   * @returns the name once it is stored; or why not, as {@link ChatClient.send}
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
   * Enters a room, and gives who is there and what was said last. In a room already, it gives the same again.
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
   * Who is in a room that was joined.
   *
   * @throws a `ConnectionError` while not connected, a `PushError` or `TimeoutError` if there is no answer
   */
  async users(room: string = LOBBY): Promise<ChatUser[]> {
    const { users } = await this.#roomOf(room).channel.push("users", {}, this.#wait)
    return users
  }

  /**
   * What was said in a room that was joined, the oldest first: the last messages, or those before one of an id.
   *
   * @throws as {@link ChatClient.users}
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

  /** Gets hold of a session, and of who it belongs to. */
  async #authenticate(token: string | undefined): Promise<void> {
    if (token !== undefined) {
      const { session_token, user, expires_at } = await this.#http.begin(token)
      this.#token = session_token
      this.#user = user
      await this.#cache?.write(this.#server, { token: session_token, email: user.email, expires_at })
      return
    }
    if (this.#token === "") this.#token = (await this.#cache?.read(this.#server))?.token ?? ""
    if (this.#token === "") throw new AuthenticationError("nobody is logged in; login(email), then connect(token)")
    try {
      this.#user = (await this.#http.session(this.#token)).user
    } catch (error) {
      if (error instanceof AuthenticationError) await this.#forget()
      throw error
    }
  }

  /** The session has ended: what was kept of it is of no use. */
  async #forget(): Promise<void> {
    this.#token = ""
    this.#user = null
    await this.clearCachedSession()
  }

  async #openSocket(): Promise<void> {
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
    // The errors of the methods and the event of the status say it.
    socket.onError(() => {})
    socket.onStatus((status, { retryInMs, lost }) => {
      if (this.#socket !== socket) return
      if (status === "reconnecting") this.#enter("reconnecting", retryInMs)
      else if (status === "disconnected" && this.#state !== "connecting") void this.#gaveUp(lost)
    })
    socket.connect()
    try {
      await socket.opened({ timeout: connectionTimeout })
      await this.#enterOwn(socket)
      await this.#enterRoom(LOBBY)
    } catch (error) {
      throw readFailure(error)
    }
  }

  /** Joins one's own channel; each of its joins says that the client is connected, and known. */
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
    // The first attempt is the caller's to repeat, and a session that has ended does not come back.
    return this.#options.reconnect && this.#state !== "connecting" && !isUnauthorized(error)
  }

  /** The last attempt has failed. */
  async #gaveUp(lost: LostReason | undefined): Promise<void> {
    const ended = isUnauthorized(lost?.error)
    await this.#leaveSocket()
    if (ended) await this.#forget()
    this.#over()
    const error = ended ? "the session has ended; log in again" : "the connection is lost, and could not be made again"
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

/** Why connecting failed, in the chat's own words. */
function readFailure(error: unknown): unknown {
  if (isUnauthorized(error)) return new AuthenticationError("the session has ended; log in again", error)
  const { code, message } = error as { code?: string; message: string }
  if (code === "timeout") return new ConnectionError("timeout", message, error)
  return new ConnectionError("connect_failed", `could not connect: ${message}`, error)
}
