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

/** A range of a room's messages: the newest, or those before the message with an id. */
export interface MessageRange {
  readonly before?: string | undefined
  readonly limit: number
}

/** A message that has no id from the store yet. */
export type NewMessage = Omit<ChatMessage, "id">

/** The most that a store keeps. */
export interface Kept {
  /** Messages in one room; older ones are dropped. */
  readonly messages: number
  /** Rooms with messages. */
  readonly rooms: number
  /** Rooms that one user has created, by sending their first message. */
  readonly roomsPerUser: number
}

/** A message that was stored. */
export interface Appended {
  readonly said: ChatMessage
  /** Whether it created its room. */
  readonly isFirst: boolean
}

/**
 * Why a message was not stored: its room does not exist and cannot be created. The store has its maximum of rooms, its
 * sender has created the maximum for one user, or the caller did not allow a new room.
 */
export type RoomRefusal = "rooms" | "roomsPerUser" | "mayBegin"

/** The result of {@link ChatStore.follow}. */
export interface Following {
  /** The id of the newest message that was reported, or that existed before. */
  readonly newest: string
  stop(): void
}

/** Stores the chat's data. Once a write has resolved, its data survives a crash. */
export interface ChatStore {
  saveLink(hash: string, link: StoredLink): Promise<void>
  /** Returns a link once: of two concurrent calls, one gets it. */
  takeLink(hash: string): Promise<StoredLink | undefined>
  saveSession(hash: string, session: StoredSession): Promise<void>
  session(hash: string): Promise<StoredSession | undefined>
  endSession(hash: string): Promise<void>
  displayName(email: string): Promise<string | null>
  setDisplayName(email: string, name: string | null): Promise<void>
  /**
   * Stores a message after all others of its room, with a unique id. The first message of a room creates the room,
   * which counts for the sender until it expires.
   *
   * @param mayBegin whether the message may create a room
   */
  append(room: string, message: NewMessage, kept: Kept, mayBegin: boolean): Promise<Appended | RoomRefusal>
  /** Messages of a room, the oldest first. `before` may be the id of a message that is no longer stored. */
  messages(room: string, range: MessageRange): Promise<ChatMessage[]>
  /**
   * The names of at most so many rooms with messages, the one with the newest message first. A store without it has no
   * directory of rooms.
   */
  rooms?(limit: number): Promise<string[]>
  /**
   * For a store that several servers share: reports every message that any server, including this one, appends to a
   * room, each once, in the order of the ids. Once it resolves, no message is missed. A store without it belongs to one
   * server.
   */
  follow?(room: string, told: (message: ChatMessage) => void): Promise<Following>
  /**
   * Removes links and sessions that have expired, and rooms without a message since `roomsIdleSince`. It may leave a
   * part for the next call, which comes within a minute.
   */
  prune(now: number, roomsIdleSince: number): Promise<void>
  close(): Promise<void>
}
