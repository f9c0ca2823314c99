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

/** A message that the store is yet to give an id. */
export type NewMessage = Omit<ChatMessage, "id">

/** How much is kept. */
export interface Kept {
  /** Messages of one room: the newest. */
  readonly messages: number
  /** Rooms in which something was said. */
  readonly rooms: number
  /** Rooms that one person has begun, by saying the first message in them. */
  readonly roomsPerUser: number
}

/** A message that was kept. */
export interface Appended {
  readonly said: ChatMessage
  /** Whether it began its room. */
  readonly isFirst: boolean
}

/**
 * Why a message was not kept: its room is not there, and cannot be begun. There are as many rooms as are kept, its sender
 * has begun as many as one person may, or the caller did not allow it to begin a room.
 */
export type RoomRefusal = "rooms" | "roomsPerUser" | "mayBegin"

/** What {@link ChatStore.follow} gives. */
export interface Following {
  /** The id of the newest message that was told, or that was there before. */
  readonly newest: string
  stop(): void
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
  /**
   * Keeps a message behind all others of its room, under an id that no other message has. The first message of a room
   * begins it, and counts it for its sender until the room has expired.
   *
   * @param mayBegin whether the message may begin a room
   */
  append(room: string, message: NewMessage, kept: Kept, mayBegin: boolean): Promise<Appended | RoomRefusal>
  /** Messages of a room, the oldest first; `before` may be the id of one that is kept no more. */
  messages(room: string, range: MessageRange): Promise<ChatMessage[]>
  /**
   * Of a store that several servers share: tells every message of a room that any of them appends, this one included,
   * each once, by rising ids. Resolves once none is missed. A store without it belongs to one server.
   */
  follow?(room: string, told: (message: ChatMessage) => void): Promise<Following>
  /**
   * Throws away links and sessions that have expired, and rooms in which nothing was said since `roomsIdleSince`. It may
   * leave a part for the next call, which comes within a minute.
   */
  prune(now: number, roomsIdleSince: number): Promise<void>
  close(): Promise<void>
}
