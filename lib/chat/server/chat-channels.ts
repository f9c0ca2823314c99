import { Refused, type Endpoint } from "rookery/server"
import type { ChatError, ChatTopics } from "../topics.js"
import type { ChatAssigns, People } from "./people.js"
import type { RateLimiter } from "./rate-limiter.js"
import type { ChatStore, Kept } from "./store.js"

/** What the channels of the chat need. */
export interface ChannelsOptions {
  readonly endpoint: Endpoint<ChatTopics, ChatAssigns>
  readonly store: ChatStore
  readonly people: People
  readonly messagesPerUser: RateLimiter
  readonly asksPerUser: RateLimiter
  /** Rooms that are begun, by person and by network. */
  readonly newRooms: RateLimiter
  /** How many messages a room shows to who joins. */
  readonly history: number
  readonly kept: Kept
  readonly now: () => number
  failed(error: unknown, where: string): void
}

/** The reply that says why not. */
export const refused = (code: number, error: string): Refused<ChatError> => new Refused({ error, code })

/** Refuses whoever asks too often. */
export function checkRate(limiter: RateLimiter, email: string): void {
  const waitMs = limiter.take(email)
  if (waitMs > 0) throw refused(429, `that is too fast; wait ${Math.ceil(waitMs / 1000)} s`)
}

/** What a payload says under a name, of whatever shape it is. */
export const fieldOf = (payload: unknown, name: string): unknown =>
  typeof payload === "object" && payload !== null ? (payload as Record<string, unknown>)[name] : undefined

/** Answers a client though something fails that is not its doing: the channel goes on, and the log says what it was. */
export async function answering<T>({ failed }: ChannelsOptions, where: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    if (error instanceof Refused) throw error
    failed(error, where)
    throw refused(500, "the server could not do that; try again")
  }
}
