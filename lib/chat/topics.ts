/** A user of the chat. */
export interface ChatUser {
  /** `user:<email>`. */
  id: string
  email: string
  display_name: string | null
}

/** A message in a room. */
export interface ChatMessage {
  id: string
  user: ChatUser
  content: string
  /** ISO 8601, UTC. */
  timestamp: string
}

/** A room of the directory. */
export interface DirectoryRoom {
  name: string
  /** How many users are in the room now. */
  count: number
  /** The names of some of them, without addresses. */
  people: string[]
}

/** The error of a request that the chat refused. */
export interface ChatError {
  error: string
  /** An HTTP status. */
  code: number
}

/** The contract of the chat, for both ends. A room's topic is `room:<name>`, a user's own topic is `user:<email>`. */
export interface ChatTopics {
  "room:*": {
    /** The answer to a join: the users in the room, and its last messages, the oldest first. */
    joined: { users: ChatUser[]; total_connections: number; messages: ChatMessage[] }
    refused: ChatError
    receives: {
      /** A message was stored. Sent to all clients in the room, including the sender. */
      message: ChatMessage
      /** A user joined the room with its first connection. Not sent to that connection. */
      user_joined: { user: ChatUser; timestamp: string; total_connections: number }
      /** The last connection of a user left the room. */
      user_left: { user: ChatUser; timestamp: string; remaining_connections: number }
      display_name_changed: { user: ChatUser; display_name: string | null; timestamp: string }
      /** A user is typing. Not stored, and not sent to the client that is typed into. */
      typing: { user: ChatUser }
    }
    sends: {
      send: { payload: { content: string }; ok: { message_id: string; timestamp: string }; error: ChatError }
      /** Tells the others in the room that the user is typing. Refused with 429 if it is sent too often. */
      typing: { payload: Record<string, never>; ok: Record<string, never>; error: ChatError }
      /** The users in the room. */
      users: { payload: Record<string, never>; ok: { users: ChatUser[] }; error: ChatError }
      /** Messages older than the one with an id, the oldest first. */
      history: {
        payload: { before?: string; limit?: number }
        ok: { messages: ChatMessage[] }
        error: ChatError
      }
    }
    /** Keyed by the user's id. */
    presence: { email: string; display_name: string | null }
  }
  /** Joined by each client of the user as soon as it is connected. Clients of other users are refused. */
  "user:*": {
    joined: { user: ChatUser; channel: string; server_time: string }
    refused: ChatError
    receives: {
      display_name_changed: { user: ChatUser; display_name: string | null; timestamp: string }
    }
    sends: {
      set_display_name: {
        payload: { display_name: string | null }
        ok: { display_name: string | null }
        error: ChatError
      }
      /** The rooms in which something was said last, and who is there. Refused with 404 where there is no directory. */
      rooms: { payload: Record<string, never>; ok: { rooms: DirectoryRoom[] }; error: ChatError }
    }
  }
}

/** The part of a mail address before the @, which is shown where a user has no display name. */
export const localPart = (email: string): string => email.replace(/@[^@]*$/, "")

/** The room that every client joins. */
export const LOBBY = "lobby"

/** The most characters of a message, not the units of a string. */
export const MAX_CONTENT = 4000

/** The path of the chat's socket. */
export const SOCKET_PATH = "/socket"
