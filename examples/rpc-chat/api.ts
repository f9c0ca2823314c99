import type { RpcStub } from "capnweb"

/** Something that was said. */
export interface ChatMessage {
  user: string
  text: string
}

/** What the server calls on a client. */
export interface ChatCallback {
  onMessage(message: ChatMessage): void | Promise<void>
}

/** What the server serves, one object a session. */
export interface ChatApi {
  /** Enters under a name that nobody else has, and gives a welcome. */
  join(username: string, callback: RpcStub<ChatCallback>): string
  /** Says something to everybody, oneself included. */
  sendMessage(username: string, text: string): void
  listUsers(): string[]
  /** Goes, and gets a goodbye. */
  leave(username: string): string
}
