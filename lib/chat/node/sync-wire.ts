import type { ChatClientOptions } from "../client-options.js"
import type { ChatEvent, ConnectionState } from "../events.js"
import type { ChatUser } from "../topics.js"

/** The data that the worker is started with. */
export interface SyncSetup {
  readonly serverUrl: string
  readonly options: Omit<ChatClientOptions, "serializer" | "sessionCacheFile">
  /** The name of the serializer. A serializer itself has functions, which cannot be sent to a worker. */
  readonly serializer: "json" | "msgpack"
  /** The number of messages that the worker has sent. The main thread waits on it with `Atomics.wait`. */
  readonly signal: SharedArrayBuffer
}

/** A call of a method, sent from the main thread to the worker. */
export interface SyncCall {
  readonly id: number
  readonly method: string
  readonly args: readonly unknown[]
}

/** An error as it is sent between the threads: the name of its class, its code and its message. */
export interface SyncError {
  readonly name: "ClientError" | "ConnectionError" | "AuthenticationError"
  readonly code: string
  readonly message: string
}

/** The state of the client, sent with every message of the worker. */
export interface SyncState {
  readonly state: ConnectionState
  readonly user: ChatUser | null
}

/** The result of a call. */
export type SyncAnswer =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: SyncError }

/** A message of the worker: the result of a call, or an event. */
export type SyncMessage = SyncState & (SyncAnswer | { readonly event: ChatEvent; readonly details: unknown })

/** The methods that can be called. */
export const SYNC_METHODS: ReadonlySet<string> = new Set([
  "connect",
  "disconnect",
  "history",
  "join",
  "leave",
  "login",
  "logout",
  "send",
  "setDisplayName",
  "users",
])

/** The events that the worker passes on. */
export const SYNC_EVENTS: readonly ChatEvent[] = [
  "authenticated",
  "connection_state",
  "disconnect",
  "display_name_changed",
  "error",
  "message",
  "user_joined",
  "user_left",
]
