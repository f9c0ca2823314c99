import type { ChatMessage, ChatUser } from "../../../lib/chat/topics.js"

export const userOf = (name: string): ChatUser => ({
  id: `user:${name}@example.com`,
  email: `${name}@example.com`,
  display_name: null,
})

/** The nth message of a room: a minute after the one before, by Ada unless `by` names another user. */
export const messageOf = (n: number, by = "ada", content = `message ${n}`): ChatMessage => ({
  id: `m${n}`,
  user: userOf(by),
  content,
  timestamp: new Date(Date.UTC(2030, 0, 1, 12, n)).toISOString(),
})

export const messagesOf = (from: number, to: number): ChatMessage[] =>
  Array.from({ length: to - from + 1 }, (_, at) => messageOf(from + at))
