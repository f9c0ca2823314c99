import type { MessageSerializer } from "rookery"

/** Options of a `ChatClient`. Times are in milliseconds. */
export interface ChatClientOptions {
  /** The token of a session that there is already. @default "" */
  sessionToken?: string | undefined
  /** Whether to connect again when the line breaks. @default true */
  reconnect?: boolean | undefined
  /** How long to wait before the first attempt to connect again; twice as long before each further one. @default 1000 */
  reconnectDelay?: number | undefined
  /** After how many failed attempts in a row to give up. @default 5 */
  maxReconnectAttempts?: number | undefined
  /** How long connecting, and each answer, may take. @default 10_000 */
  connectionTimeout?: number | undefined
  /** A file that keeps the session until the next run; in Node only. @default none */
  sessionCacheFile?: string | undefined
  /** What messages look like on the wire. @default json() */
  serializer?: Omit<MessageSerializer, "server"> | undefined
}

/** The longest wait between two attempts. */
const MAX_DELAY = 30_000

/** The options with every default filled in. */
export interface ResolvedChatOptions {
  readonly reconnect: boolean
  readonly maxReconnectAttempts: number
  readonly connectionTimeout: number
  readonly serializer: ChatClientOptions["serializer"]
  /** How long to wait before the nth attempt in a row. */
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

/** The server's URL as HTTP, without a slash at its end; `ws` and `wss` are taken too. */
export function readServerUrl(url: string): string {
  const parsed = new URL(url.replace(/^ws/, "http"))
  // No request takes them, and errors name the server.
  parsed.username = parsed.password = ""
  return parsed.href.replace(/\/+$/, "")
}
