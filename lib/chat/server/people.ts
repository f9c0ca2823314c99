import type { Channel } from "rookery/server"
import type { Session } from "./accounts.js"
import type { ChatTopics, ChatUser } from "../topics.js"

/** What a socket of the chat knows of its client. */
export interface ChatAssigns {
  readonly email: string
  readonly session: Session
  /** As the store had it when the client connected. */
  readonly user: ChatUser
}

/** A room of one client. */
export type RoomChannel = Channel<ChatTopics["room:*"], ChatAssigns>

interface Person {
  user: ChatUser
  sockets: number
  readonly rooms: Set<RoomChannel>
}

/** Everybody who is connected to this node: what others see of them now, and their rooms. */
export class People {
  readonly #people = new Map<string, Person>()
  /** The sessions of their sockets, and how many sockets each has. */
  readonly #sessions = new Map<string, { readonly expiresAt: number; sockets: number }>()

  /** A socket of somebody has come. */
  came({ user, session }: ChatAssigns): void {
    const person = this.#people.get(user.email)
    if (person === undefined) this.#people.set(user.email, { user, sockets: 1, rooms: new Set() })
    else person.sockets++
    const known = this.#sessions.get(session.id)
    if (known === undefined) this.#sessions.set(session.id, { expiresAt: session.expiresAt, sockets: 1 })
    else known.sockets++
  }

  /** A socket of somebody has gone. */
  went({ email, session }: ChatAssigns): void {
    const person = this.#people.get(email)
    if (person !== undefined && --person.sockets <= 0) this.#people.delete(email)
    const known = this.#sessions.get(session.id)
    if (known !== undefined && --known.sockets <= 0) this.#sessions.delete(session.id)
  }

  /** How many sockets somebody has. */
  sockets(email: string): number {
    return this.#people.get(email)?.sockets ?? 0
  }

  /** The sessions that are connected and should be no more. */
  expired(now: number): string[] {
    return [...this.#sessions].filter(([, { expiresAt }]) => expiresAt <= now).map(([id]) => id)
  }

  /** The sessions that are connected. */
  get sessions(): string[] {
    return [...this.#sessions.keys()]
  }

  /** What others see of somebody who is connected. */
  user(email: string): ChatUser {
    return this.#people.get(email)?.user ?? { id: `user:${email}`, email, display_name: null }
  }

  entered(room: RoomChannel): void {
    this.#people.get(room.assigns.email)?.rooms.add(room)
  }

  left(room: RoomChannel): void {
    this.#people.get(room.assigns.email)?.rooms.delete(room)
  }

  /** Gives somebody who is connected another display name, and says in which rooms that is to be told. */
  rename(email: string, display_name: string | null): { user: ChatUser; rooms: readonly RoomChannel[] } {
    const person = this.#people.get(email)
    const user = { ...this.user(email), display_name }
    if (person !== undefined) person.user = user
    return { user, rooms: [...(person?.rooms ?? [])] }
  }
}
