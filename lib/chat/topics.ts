/** Somebody who chats. */
export interface ChatUser {
  /** `user:<email>`. */
  id: string
  email: string
  display_name: string | null
}

/** What somebody said in a room. */
export interface ChatMessage {
  id: string
  user: ChatUser
  content: string
  /** ISO 8601, UTC. */
  timestamp: string
}

/** Why the chat did not do what it was asked. */
export interface ChatError {
  error: string
  /** As in HTTP. */
  code: number
}

/** What travels in the chat, for both ends: a room's topic is `room:<name>`, a person's own `user:<email>`. */
export interface ChatTopics {
  "room:*": {
    /** What a room shows to who joins: who is there, and its last messages, the oldest first. */
    joined: { users: ChatUser[]; total_connections: number; messages: ChatMessage[] }
    refused: ChatError
    receives: {
      /** To everybody in the room, the sender included, after it was stored. */
      message: ChatMessage
      /** A person's first connection to the room came. Not told to that connection. */
      user_joined: { user: ChatUser; timestamp: string; total_connections: number }
      /** A person's last connection to the room went. */
      user_left: { user: ChatUser; timestamp: string; remaining_connections: number }
      display_name_changed: { user: ChatUser; display_name: string | null; timestamp: string }
    }
    sends: {
      send: { payload: { content: string }; ok: { message_id: string; timestamp: string }; error: ChatError }
      /** Who is there. */
      users: { payload: Record<string, never>; ok: { users: ChatUser[] }; error: ChatError }
      /** Messages older than the one of an id, the oldest first. */
      history: {
        payload: { before?: string; limit?: number }
        ok: { messages: ChatMessage[] }
        error: ChatError
      }
    }
    /** Keyed by the user's id. */
    presence: { email: string; display_name: string | null }
  }
  /** Joined by each client of that person as soon as it is connected. Nobody else may. */
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
    }
  }
}

/** The room that everybody is in. */
export const LOBBY = "lobby"

/** Where the chat's socket is. */
export const SOCKET_PATH = "/socket"
