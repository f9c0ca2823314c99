import type { RpcStub } from "capnweb"

/** A message of the chat. */
export interface ChatMessage {
  user: string
  text: string
}

/** The methods that the server calls on a client. */
export interface ChatCallback {
  onMessage(message: ChatMessage): void | Promise<void>
}

/** The methods that a client calls on the server; each session has an object of its own. */
export interface ChatApi {
  /** Joins under a name that is not taken. Returns a welcome. */
  join(username: string, callback: RpcStub<ChatCallback>): string
  /** Sends a message to everybody in the room, the sender included. */
  sendMessage(username: string, text: string): void
  listUsers(): string[]
  /** Leaves the room. Returns a goodbye. */
  leave(username: string): string
}
