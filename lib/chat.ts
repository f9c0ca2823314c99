export { ChatClient } from "./chat/client.js"
export type { ChatClientOptions } from "./chat/client-options.js"
export { AuthenticationError, ClientError, ConnectionError } from "./chat/errors.js"
export type { ChatEvent, ChatEvents, ChatHandler, ConnectionState } from "./chat/events.js"
export type { SyncChatClientOptions } from "./chat/node/sync-client.js"
export { SyncChatClient } from "./chat/platform.js"
export type { Failed, Renamed, Sent } from "./chat/outcome.js"
export type { Joined } from "./chat/room.js"
export {
  LOBBY,
  SOCKET_PATH,
  type ChatError,
  type ChatMessage,
  type ChatTopics,
  type ChatUser,
  type DirectoryRoom,
} from "./chat/topics.js"
