import { Refused, type Endpoint } from "rookery/server/node"
import type { ChatError, ChatTopics } from "../topics.js"
import type { Directory } from "./directory.js"
import type { ChatAssigns, People } from "./people.js"
import type { RateLimiter } from "./rate-limiter.js"
import type { ChatStore, Kept } from "./store.js"

/** The parts of the server that the chat's channels need. */
export interface ChannelsOptions {
  readonly endpoint: Endpoint<ChatTopics, ChatAssigns>
  readonly store: ChatStore
  readonly people: People
  readonly directory: Directory | undefined
  readonly messagesPerUser: RateLimiter
  readonly typingPerUser: RateLimiter
  readonly asksPerUser: RateLimiter
  /** Limits new rooms, by user and by network. */
  readonly newRooms: RateLimiter
  /** The number of messages in the answer to a join. */
  readonly history: number
  readonly kept: Kept
  readonly now: () => number
  failed(error: unknown, where: string): void
}

/** Makes an error reply. */
export const refused = (code: number, error: string): Refused<ChatError> => new Refused({ error, code })

/** Refuses the request of a user who sends too many. */
export function checkRate(limiter: RateLimiter, email: string): void {
  const waitMs = limiter.take(email)
  if (waitMs > 0) throw refused(429, `that is too fast; wait ${Math.ceil(waitMs / 1000)} s`)
}

/** Reads a field of a payload, which may have any shape. */
export const fieldOf = (payload: unknown, name: string): unknown =>
  typeof payload === "object" && payload !== null ? (payload as Record<string, unknown>)[name] : undefined

/** Turns an error of the server, such as one of the store, into an error reply, so that the channel does not crash. */
export async function answering<T>({ failed }: ChannelsOptions, where: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    if (error instanceof Refused) throw error
    failed(error, where)
    throw refused(500, "the server could not do that; try again")
  }
}
