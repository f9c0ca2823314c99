import type { MessageSerializer } from "rookery"

/** Options of a `ChatClient`. Times are in milliseconds. */
export interface ChatClientOptions {
  /** The token of an existing session. @default "" */
  sessionToken?: string | undefined
  /** Whether to connect again after the connection is lost. @default true */
  reconnect?: boolean | undefined
  /** The delay before the first attempt to connect again, doubled before each further one. @default 1000 */
  reconnectDelay?: number | undefined
  /** The number of failed attempts in a row after which the client gives up. @default 5 */
  maxReconnectAttempts?: number | undefined
  /** The time limit for connecting, and for each answer. @default 10_000 */
  connectionTimeout?: number | undefined
  /** A file that keeps the session for the next run. Only in Node. @default none */
  sessionCacheFile?: string | undefined
  /** The serializer for messages. @default json() */
  serializer?: Omit<MessageSerializer, "server"> | undefined
}

/** The longest delay between two attempts. */
const MAX_DELAY = 30_000

/** The options with their defaults. */
export interface ResolvedChatOptions {
  readonly reconnect: boolean
  readonly maxReconnectAttempts: number
  readonly connectionTimeout: number
  readonly serializer: ChatClientOptions["serializer"]
  /** The delay before the nth attempt in a row. */
  delay(tries: number): number
}

export function resolveChatOptions(options: ChatClientOptions): ResolvedChatOptions {
  const { reconnect = true, reconnectDelay = 1000, maxReconnectAttempts = 5, connectionTimeout = 10_000 } = options
  return {
    reconnect,
    maxReconnectAttempts,
    connectionTimeout,
    serializer: options.serializer,
    delay: (tries) => Math.min(reconnectDelay * 2 ** (tries - 1), Math.max(MAX_DELAY, reconnectDelay)),
  }
}

/** The server's URL with the scheme of HTTP, without a slash at the end. Accepts `ws` and `wss`, too. */
export function readServerUrl(url: string): string {
  const parsed = new URL(url.replace(/^ws/, "http"))
  // fetch() refuses a URL with a user and a password, and error messages must not show them.
  parsed.username = parsed.password = ""
  return parsed.href.replace(/\/+$/, "")
}
