import { RpcTarget, type RpcStub } from "capnweb"
import type { ChatApi, ChatCallback, ChatMessage } from "./api.js"

/** The most characters of a name and of a message. */
const MAX_NAME = 40
const MAX_TEXT = 2000

interface Member {
  readonly session: ChatSession
  readonly callback: RpcStub<ChatCallback>
}

/** The room: its members, each with the callback that receives messages. */
export class Room {
  readonly #members = new Map<string, Member>()

  get users(): string[] {
    return [...this.#members.keys()]
  }

  enter(username: string, session: ChatSession, callback: RpcStub<ChatCallback>): void {
    const name = typeof username === "string" ? username.trim() : ""
    if (name === "" || name !== username || name.length > MAX_NAME || /\p{C}/u.test(name)) {
      throw new Error(`a name has 1 to ${MAX_NAME} characters, without spaces around it`)
    }
    if (this.#members.has(name)) throw new Error(`the name ${name} is taken`)
    // The stub is disposed when the call returns; a duplicate stays.
    const kept = callback.dup()
    this.#members.set(name, { session, callback: kept })
    kept.onRpcBroken(() => this.drop(name, session))
    this.tell({ user: "*", text: `${name} has joined` }, name)
  }

  /** Whether a name belongs to a session. */
  has(username: string, session: ChatSession): boolean {
    return this.#members.get(username)?.session === session
  }

  /** Removes a member that left or whose connection ended. */
  drop(username: string, session: ChatSession): void {
    const member = this.#members.get(username)
    if (member?.session !== session) return
    this.#members.delete(username)
    member.callback[Symbol.dispose]()
    this.tell({ user: "*", text: `${username} has left` })
  }

  /** Sends a message to all members at once. A slow callback holds up no other, and one that fails removes its member. */
  tell(message: ChatMessage, except?: string): void {
    for (const [name, { session, callback }] of this.#members) {
      if (name === except) continue
      const told = callback.onMessage(message)
      Promise.resolve(told).catch((error: unknown) => {
        console.error(`${name} could not be told: ${String(error)}`)
        this.drop(name, session)
      })
    }
  }
}

/** The session of one client. When it ends, its names leave the room. */
export class ChatSession extends RpcTarget implements ChatApi {
  readonly #room: Room
  readonly #names = new Set<string>()

  constructor(room: Room) {
    super()
    this.#room = room
  }

  join(username: string, callback: RpcStub<ChatCallback>): string {
    this.#room.enter(username, this, callback)
    this.#names.add(username)
    return `Welcome, ${username}!`
  }

  sendMessage(username: string, text: string): void {
    this.#check(username)
    if (typeof text !== "string" || text.trim() === "" || text.length > MAX_TEXT) {
      throw new Error(`a message has 1 to ${MAX_TEXT} characters`)
    }
    this.#room.tell({ user: username, text })
  }

  listUsers(): string[] {
    return this.#room.users
  }

  leave(username: string): string {
    this.#check(username)
    this.#names.delete(username)
    this.#room.drop(username, this)
    return `Goodbye, ${username}!`
  }

  [Symbol.dispose](): void {
    for (const name of this.#names) this.#room.drop(name, this)
    this.#names.clear()
  }

  #check(username: string): void {
    if (!this.#room.has(username, this)) throw new Error(`join as ${username} first`)
  }
}
