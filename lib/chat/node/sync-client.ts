import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { MessageChannel, receiveMessageOnPort, Worker, type MessagePort } from "node:worker_threads"
import { RookeryError, type ErrorCode } from "rookery"
import { readServerUrl, type ChatClientOptions } from "../client-options.js"
import { AuthenticationError, ClientError, ConnectionError } from "../errors.js"
import { ChatHandlers, type ChatEvent, type ChatHandler, type ConnectionState } from "../events.js"
import type { Renamed, Sent } from "../outcome.js"
import type { Joined } from "../room.js"
import type { ChatMessage, ChatUser } from "../topics.js"
import type { SyncAnswer, SyncError, SyncMessage, SyncSetup } from "./sync-wire.js"

/** Options of a `SyncChatClient`: those of a `ChatClient`, without the cache file. */
export type SyncChatClientOptions = Omit<ChatClientOptions, "sessionCacheFile" | "sessionToken">

/** The time that a call waits for the worker in addition to the client's own time limits. */
const GRACE_MS = 5000

// CommonJS has `__dirname`, ES modules have `import.meta.url`.
const HERE = typeof __dirname === "string" ? __dirname : dirname(fileURLToPath(import.meta.url))
/** The worker's file, next to the built file. */
const WORKER = join(HERE, "chat-worker.js")

const disposed = (): ConnectionError => new ConnectionError("disconnected", "the client was disposed; create another")

function nameOf(serializer: SyncChatClientOptions["serializer"]): SyncSetup["serializer"] {
  const name = serializer?.name ?? "json"
  if (name === "json" || name === "msgpack") return name
  throw new RookeryError("bad_option", `serializer: ${name} cannot be sent to a worker; use json() or msgpack()`)
}

function errorOf({ name, code, message }: SyncError): ClientError {
  if (name === "AuthenticationError") return new AuthenticationError(message)
  if (name === "ConnectionError") return new ConnectionError(code as ConnectionError["code"], message)
  return new ClientError(code as ErrorCode, message)
}

/**
 * A chat client without promises, for scripts: every call blocks until it is done. Handlers run during any call, and
 * during {@link SyncChatClient.poll}. A worker does the work.
 *
 * ```ts
 * using chat = new SyncChatClient("http://localhost:8000", token)
 * chat.on("message", ({ user, content }) => console.log(user.email, content))
 * chat.connect()
 * chat.send("hello")
 * chat.poll(1000)
 * ```
 */
export class SyncChatClient {
  readonly #worker: Worker
  readonly #port: MessagePort
  readonly #counter: Int32Array
  readonly #handlers = new ChatHandlers()
  readonly #timeoutMs: number
  #state: ConnectionState = "disconnected"
  #user: ChatUser | null = null
  #calls = 0
  /** The calls that wait, with their answers: a call that a handler makes may receive the answer to the outer one. */
  readonly #answers = new Map<number, SyncAnswer | undefined>()
  #disposed = false

  constructor(serverUrl: string, sessionToken: string, options: SyncChatClientOptions = {}) {
    // An invalid URL throws here, as from `ChatClient`, and not in the worker, where nobody would see it.
    readServerUrl(serverUrl)
    const { serializer, ...rest } = options
    const { connectionTimeout = 10_000 } = options
    // Connecting takes two requests and two joins.
    this.#timeoutMs = 4 * connectionTimeout + GRACE_MS
    const signal = new SharedArrayBuffer(4)
    this.#counter = new Int32Array(signal)
    const { port1, port2 } = new MessageChannel()
    const setup: SyncSetup = {
      serverUrl,
      options: { ...rest, sessionToken },
      serializer: nameOf(serializer),
      signal,
    }
    this.#port = port1
    // The worker does not inherit the arguments of this process, some of which fail there, such as those of `node -e`.
    const workerData = { ...setup, port: port2 }
    this.#worker = new Worker(WORKER, { workerData, transferList: [port2], execArgv: [] })
    // A script that does not dispose of the client can still end.
    this.#worker.unref()
    port1.unref()
  }

  get connected(): boolean {
    return this.#state === "connected"
  }

  get user(): ChatUser | null {
    return this.#user
  }

  get connectionState(): ConnectionState {
    return this.#state
  }

  /** Adds a handler for an event. It runs during any call, and during {@link SyncChatClient.poll}. */
  on<E extends ChatEvent>(event: E, handler: ChatHandler<E>): void {
    this.#handlers.on(event, handler)
  }

  /** Removes one handler, or all handlers of the event. */
  off<E extends ChatEvent>(event: E, handler?: ChatHandler<E>): void {
    this.#handlers.off(event, handler)
  }

  /** As {@link ChatClient.login}. */
  login(email: string): true {
    return this.#call("login", email) as true
  }

  /** As {@link ChatClient.connect}. */
  connect(token?: string): void {
    this.#call("connect", ...(token === undefined ? [] : [token]))
  }

  /** As {@link ChatClient.disconnect}. */
  disconnect(): void {
    this.#call("disconnect")
  }

  /** As {@link ChatClient.logout}. */
  logout(): void {
    this.#call("logout")
  }

  /** As {@link ChatClient.send}. */
  send(content: string, options: { room?: string } = {}): Sent {
    return this.#call("send", content, options) as Sent
  }

  /** As {@link ChatClient.setDisplayName}. */
  setDisplayName(name: string | null): Renamed {
    return this.#call("setDisplayName", name) as Renamed
  }

  /** As {@link ChatClient.join}. */
  join(room: string): Joined {
    return this.#call("join", room) as Joined
  }

  /** As {@link ChatClient.leave}. */
  leave(room: string): void {
    this.#call("leave", room)
  }

  /** As {@link ChatClient.users}. */
  users(room?: string): ChatUser[] {
    return this.#call("users", room) as ChatUser[]
  }

  /** As {@link ChatClient.history}. */
  history(room?: string, range?: { before?: string; limit?: number }): ChatMessage[] {
    return this.#call("history", room, range) as ChatMessage[]
  }

  /** Waits for this time, and runs the handlers of events that arrive. */
  poll(ms: number): void {
    this.#wait(ms)
  }

  /** Disconnects and ends the worker. */
  [Symbol.dispose](): void {
    if (this.#disposed) return
    try {
      if (this.#state !== "disconnected") this.disconnect()
    } finally {
      this.#disposed = true
      this.#port.close()
      void this.#worker.terminate()
    }
  }

  #call(method: string, ...args: unknown[]): unknown {
    if (this.#disposed) throw disposed()
    const id = ++this.#calls
    this.#answers.set(id, undefined)
    this.#port.postMessage({ id, method, args })
    this.#wait(this.#timeoutMs, id)
    const answer = this.#answers.get(id)
    this.#answers.delete(id)
    if (answer === undefined) {
      throw this.#disposed ? disposed() : new ConnectionError("timeout", `${method}: the worker does not answer`)
    }
    if ("error" in answer) throw errorOf(answer.error)
    return answer.result
  }

  /** Handles messages of the worker until the call is answered, or the time is up. */
  #wait(ms: number, call?: number): void {
    const end = performance.now() + ms
    for (;;) {
      const seen = Atomics.load(this.#counter, 0)
      for (;;) {
        // A handler of this call may have disposed of the client: nothing comes any more.
        if (this.#disposed) return
        if (call !== undefined && this.#answers.get(call) !== undefined) return
        const received = receiveMessageOnPort(this.#port) as { message: SyncMessage } | undefined
        if (received === undefined) break
        this.#take(received.message)
      }
      const left = end - performance.now()
      if (left <= 0) return
      Atomics.wait(this.#counter, 0, seen, left)
    }
  }

  #take(message: SyncMessage): void {
    this.#state = message.state
    this.#user = message.user
    if ("event" in message) this.#handlers.emit(message.event, message.details as never)
    else if (this.#answers.has(message.id)) this.#answers.set(message.id, message)
  }
}
