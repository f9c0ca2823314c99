export { ChatServer } from "./chat/server/chat-server.js"
export type { ChatLimits, ChatServerOptions } from "./chat/server/options.js"
export { DEFAULT_CHAT_LIMITS } from "./chat/server/options.js"
export { lmdbStore } from "./chat/server/lmdb-store.js"
export { memoryStore } from "./chat/server/memory-store.js"
export { redisStore, type RedisStoreOptions } from "./chat/server/redis-store.js"
export { logMail, smtpMail, type Mail, type MailEnvironment } from "./chat/server/mail.js"
export type { ChatAssigns } from "./chat/server/people.js"
export type { RateLimit } from "./chat/server/rate-limiter.js"
export type {
  Appended,
  ChatStore,
  Following,
  Kept,
  MessageRange,
  NewMessage,
  RoomRefusal,
  StoredLink,
  StoredSession,
} from "./chat/server/store.js"
export type { Session } from "./chat/server/accounts.js"
export {
  LOBBY,
  SOCKET_PATH,
  type ChatError,
  type ChatMessage,
  type ChatTopics,
  type ChatUser,
  type DirectoryRoom,
} from "./chat/topics.js"
