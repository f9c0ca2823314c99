import type { ChatMessage } from "../topics.js"

/** A magic link, by the hash of its token. */
export interface StoredLink {
  readonly email: string
  /** In milliseconds since 1970, as all times here. */
  readonly expires_at: number
}

/** A session, by the hash of its token. */
export interface StoredSession {
  readonly email: string
  readonly expires_at: number
}

/** Which messages of a room: the newest, or those before one of an id. */
export interface MessageRange {
  readonly before?: string | undefined
  readonly limit: number
}

/** Where the chat keeps what must not be lost. What a promise was kept for is there after a crash. */
export interface ChatStore {
  saveLink(hash: string, link: StoredLink): Promise<void>
  /** Gives a link once: of two that ask for it at the same time, one gets it. */
  takeLink(hash: string): Promise<StoredLink | undefined>
  saveSession(hash: string, session: StoredSession): Promise<void>
  session(hash: string): Promise<StoredSession | undefined>
  endSession(hash: string): Promise<void>
  displayName(email: string): Promise<string | null>
  setDisplayName(email: string, name: string | null): Promise<void>
  /** Keeps a message; the ids of a room only rise. */
  append(room: string, message: ChatMessage): Promise<void>
  /** Messages of a room, the oldest first. */
  messages(room: string, range: MessageRange): Promise<ChatMessage[]>
  /** Throws away what has expired, and all but the newest messages of every room. */
  prune(now: number, messagesPerRoom: number): Promise<void>
  close(): Promise<void>
}
