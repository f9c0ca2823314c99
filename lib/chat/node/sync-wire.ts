import type { ChatClientOptions } from "../client-options.js"
import type { ChatEvent, ConnectionState } from "../events.js"
import type { ChatUser } from "../topics.js"

/** What the worker is started with. */
export interface SyncSetup {
  readonly serverUrl: string
  readonly options: Omit<ChatClientOptions, "serializer" | "sessionCacheFile">
  /** A serializer is code, and does not go to a worker; its name does. */
  readonly serializer: "json" | "msgpack"
  /** Counts what the worker has sent; whoever waits is woken. */
  readonly signal: SharedArrayBuffer
}

/** A call, from the one thread to the other. */
export interface SyncCall {
  readonly id: number
  readonly method: string
  readonly args: readonly unknown[]
}

/** An error as it crosses: its class, by name, and what a user looks at. */
export interface SyncError {
  readonly name: "ClientError" | "ConnectionError" | "AuthenticationError"
  readonly code: string
  readonly message: string
}

/** Where the client stands, with everything that the worker says. */
export interface SyncState {
  readonly state: ConnectionState
  readonly user: ChatUser | null
}

/** What the worker says: what came of a call, or an event. */
export type SyncMessage = SyncState &
  (
    | { readonly id: number; readonly result: unknown }
    | { readonly id: number; readonly error: SyncError }
    | { readonly event: ChatEvent; readonly details: unknown }
  )

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

/** The events that are passed on. */
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
