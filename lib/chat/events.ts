import type { ChatMessage, ChatUser } from "./topics.js"

/** The state of a chat client's connection; `connected` means authenticated as well. */
export type ConnectionState = "disconnected" | "connecting" | "connected" | "reconnecting"

/** The events of the chat. Times are ISO 8601, UTC. */
export type ChatEvents = {
  /** The client is connected and authenticated, the first time or after a lost connection. */
  authenticated: { user: ChatUser; channel: string; server_time: string }
  /**
   * A user, also this one, sent a message to a room. Messages that were missed while the connection was lost follow
   * after the reconnect, in order.
   */
  message: ChatMessage & { room: string }
  /** A user joined a room with its first connection. */
  user_joined: { user: ChatUser; timestamp: string; total_connections: number; room: string }
  /** The last connection of a user left a room. */
  user_left: { user: ChatUser; timestamp: string; remaining_connections: number; room: string }
  /** A user changed its display name. Without `room` it is this user's own name, changed by another client. */
  display_name_changed: { user: ChatUser; display_name: string | null; timestamp: string; room?: string }
  /** The connection has ended, and the client does not reconnect. */
  disconnect: Record<string, never>
  /** Work failed that no call awaits. The code is an HTTP status. */
  error: { error: string; code: number; room?: string }
  /** The state of the connection changed; `retry_in_ms` is the time until the next attempt, if one is planned. */
  connection_state: { state: ConnectionState; retry_in_ms?: number }
}

/** The name of an event. */
export type ChatEvent = keyof ChatEvents

/** A handler of an event; may be async. */
export type ChatHandler<E extends ChatEvent> = (event: ChatEvents[E]) => unknown

type AnyHandler = (event: never) => unknown

/** The handlers of a client. If one fails, the others still run. */
export class ChatHandlers {
  readonly #handlers = new Map<ChatEvent, Set<AnyHandler>>()

  on<E extends ChatEvent>(event: E, handler: ChatHandler<E>): void {
    const handlers = this.#handlers.get(event)
    if (handlers === undefined) this.#handlers.set(event, new Set([handler as AnyHandler]))
    else handlers.add(handler as AnyHandler)
  }

  /** Removes one handler, or all handlers of the event. */
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
      // The failure of an `error` handler is printed, because emitting it would call that handler again.
      if (event === "error" || !this.#handlers.get("error")?.size) return console.error(error)
      this.emit("error", { error: `a handler of ${event} failed: ${String(error)}`, code: 500 })
    }
  }
}
