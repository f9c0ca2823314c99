import type { ChatMessage, ChatUser } from "./topics.js"

/** Where a client of the chat stands: `connected` once it is authenticated too. */
export type ConnectionState = "disconnected" | "connecting" | "connected" | "reconnecting"

/** What the chat tells, by event. Times are ISO 8601, UTC. */
export type ChatEvents = {
  /** The client is connected and known, at first and after every lost line. */
  authenticated: { user: ChatUser; channel: string; server_time: string }
  /** Somebody said something in a room, oneself included; what was missed while the line was gone comes later, in order. */
  message: ChatMessage & { room: string }
  /** A person's first connection to a room came. */
  user_joined: { user: ChatUser; timestamp: string; total_connections: number; room: string }
  /** A person's last connection to a room went. */
  user_left: { user: ChatUser; timestamp: string; remaining_connections: number; room: string }
  /** `room` is missing where it is one's own name, as told to one's other clients. */
  display_name_changed: { user: ChatUser; display_name: string | null; timestamp: string; room?: string }
  /** The connection has ended, and is not made again by itself. */
  disconnect: Record<string, never>
  /** Something failed that nobody waits for; the code is as in HTTP. */
  error: { error: string; code: number; room?: string }
  /** Where the connection stands; with the milliseconds until the next attempt, while one is waited for. */
  connection_state: { state: ConnectionState; retry_in_ms?: number }
}

/** The name of an event. */
export type ChatEvent = keyof ChatEvents

/** Called with an event; may be async. */
export type ChatHandler<E extends ChatEvent> = (event: ChatEvents[E]) => unknown

type AnyHandler = (event: never) => unknown

/** Who listens to what. One that fails does not keep the others from hearing. */
export class ChatHandlers {
  readonly #handlers = new Map<ChatEvent, Set<AnyHandler>>()

  on<E extends ChatEvent>(event: E, handler: ChatHandler<E>): void {
    const handlers = this.#handlers.get(event)
    if (handlers === undefined) this.#handlers.set(event, new Set([handler as AnyHandler]))
    else handlers.add(handler as AnyHandler)
  }

  /** Takes off one handler, or all of the event. */
  off<E extends ChatEvent>(event: E, handler?: ChatHandler<E>): void {
    if (handler === undefined) this.#handlers.delete(event)
    else this.#handlers.get(event)?.delete(handler as AnyHandler)
  }

  emit<E extends ChatEvent>(event: E, details: ChatEvents[E]): void {
    for (const handler of [...(this.#handlers.get(event) ?? [])]) void this.#call(event, handler, details)
  }

  async #call(event: ChatEvent, handler: AnyHandler, details: unknown): Promise<void> {
    try {
      await handler(details as never)
    } catch (error) {
      // A handler of errors that fails itself has nobody left to tell.
      if (event === "error" || !this.#handlers.get("error")?.size) return console.error(error)
      this.emit("error", { error: `a handler of ${event} failed: ${String(error)}`, code: 500 })
    }
  }
}
