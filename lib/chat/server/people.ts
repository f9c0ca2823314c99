import type { Channel } from "rookery/server/node"
import type { Session } from "./accounts.js"
import type { ChatTopics, ChatUser } from "../topics.js"

/** The assigns of a chat socket. */
export interface ChatAssigns {
  readonly email: string
  readonly session: Session
  /** The user, as read from the store when the client connected. */
  readonly user: ChatUser
}

/** A room of one client. */
export type RoomChannel = Channel<ChatTopics["room:*"], ChatAssigns>

interface Person {
  user: ChatUser
  sockets: number
  readonly rooms: Set<RoomChannel>
}

/** The users that are connected to this node, with their current names and their rooms. */
export class People {
  readonly #people = new Map<string, Person>()
  /** The sessions of the connected sockets, with the number of sockets of each. */
  readonly #sessions = new Map<string, { readonly expiresAt: number; sockets: number }>()

  /** A socket of a user has connected. */
  came({ user, session }: ChatAssigns): void {
    const person = this.#people.get(user.email)
    if (person === undefined) this.#people.set(user.email, { user, sockets: 1, rooms: new Set() })
    else person.sockets++
    const known = this.#sessions.get(session.id)
    if (known === undefined) this.#sessions.set(session.id, { expiresAt: session.expiresAt, sockets: 1 })
    else known.sockets++
  }

  /** A socket of a user has disconnected. */
  went({ email, session }: ChatAssigns): void {
    const person = this.#people.get(email)
    if (person !== undefined && --person.sockets <= 0) this.#people.delete(email)
    const known = this.#sessions.get(session.id)
    if (known !== undefined && --known.sockets <= 0) this.#sessions.delete(session.id)
  }

  /** The number of sockets of a user. */
  sockets(email: string): number {
    return this.#people.get(email)?.sockets ?? 0
  }

  /** The connected sessions that have expired. */
  expired(now: number): string[] {
    return [...this.#sessions].filter(([, { expiresAt }]) => expiresAt <= now).map(([id]) => id)
  }

  /** The connected sessions. */
  get sessions(): string[] {
    return [...this.#sessions.keys()]
  }

  /** A connected user, as others see it. */
  user(email: string): ChatUser {
    return this.#people.get(email)?.user ?? { id: `user:${email}`, email, display_name: null }
  }

  entered(room: RoomChannel): void {
    this.#people.get(room.assigns.email)?.rooms.add(room)
  }

  left(room: RoomChannel): void {
    this.#people.get(room.assigns.email)?.rooms.delete(room)
  }

  /** Changes the display name of a connected user. Returns the rooms that have to be told. */
  rename(email: string, display_name: string | null): { user: ChatUser; rooms: readonly RoomChannel[] } {
    const person = this.#people.get(email)
    const user = { ...this.user(email), display_name }
    if (person !== undefined) person.user = user
    return { user, rooms: [...(person?.rooms ?? [])] }
  }
}
