import { Refused, type ChannelHandlers, type Endpoint } from "rookery/server"
import type { ChatError, ChatMessage, ChatTopics } from "../topics.js"
import { isRoomName, readContent, readDisplayName } from "./checks.js"
import { MessageIds } from "./message-ids.js"
import type { ChatAssigns, People, RoomChannel } from "./people.js"
import type { RateLimiter } from "./rate-limiter.js"
import type { ChatStore } from "./store.js"

/** What the channels of the chat need. */
export interface ChannelsOptions {
  readonly endpoint: Endpoint<ChatTopics, ChatAssigns>
  readonly store: ChatStore
  readonly people: People
  readonly limiter: RateLimiter
  /** How many messages a room shows to who joins. */
  readonly history: number
  readonly now: () => number
}

/** As many messages are given at once at most. */
const MAX_PAGE = 200

const refused = (code: number, error: string): Refused<ChatError> => new Refused({ error, code })

const nameOf = (topic: string): string => topic.slice("room:".length)

const connections = (presences: RoomChannel["presences"]): number =>
  Object.values(presences).reduce((sum, { metas }) => sum + metas.length, 0)

const usersOf = (presences: RoomChannel["presences"]) =>
  Object.entries(presences).map(([id, { metas }]) => {
    const { email = "", display_name = null } = metas.at(-1) ?? {}
    return { id, email, display_name }
  })

/** The rooms. */
export function roomChannel(
  options: ChannelsOptions,
): ChannelHandlers<ChatTopics["room:*"], `room:${string}`, ChatAssigns> {
  const { endpoint, store, people, limiter, history, now } = options
  const ids = new MessageIds(now)
  const timestamp = (): string => new Date(now()).toISOString()
  /** What is being said in each room: one after the other, so that everybody hears it in the order it is kept in. */
  const saying = new Map<string, Promise<unknown>>()

  const say = (room: RoomChannel, content: string): Promise<ChatMessage> => {
    const name = nameOf(room.topic)
    const said = (saying.get(name) ?? Promise.resolve()).then(async () => {
      const message = { id: ids.next(), user: people.user(room.assigns.email), content, timestamp: timestamp() }
      await store.append(name, message)
      endpoint.broadcast(`room:${name}`, "message", message)
      return message
    })
    const over = (): void => {
      if (saying.get(name) === settled) saying.delete(name)
    }
    // Whoever is next does not fail with it.
    const settled: Promise<void> = said.then(over, over)
    saying.set(name, settled)
    return said
  }

  return {
    async join({ topic, socket }, room) {
      if (!isRoomName(nameOf(topic))) throw refused(400, "a room's name is letters, digits, - and _, at most 40")
      const messages = await store.messages(nameOf(topic), { limit: history })
      const self = people.user(socket.assigns.email)
      const others = usersOf(room.presences).filter(({ id }) => id !== self.id)
      return { users: [...others, self], total_connections: connections(room.presences) + 1, messages }
    },
    joined(room) {
      const user = people.user(room.assigns.email)
      const first = room.presences[user.id] === undefined
      people.entered(room)
      room.track(user.id, { email: user.email, display_name: user.display_name })
      if (!first) return
      const total_connections = connections(room.presences)
      room.broadcastFrom("user_joined", { user, timestamp: timestamp(), total_connections })
    },
    terminate(_reason, room) {
      people.left(room)
      const user = people.user(room.assigns.email)
      const presences = endpoint.presences(room.topic) as RoomChannel["presences"]
      if (presences[user.id] !== undefined) return
      const remaining_connections = connections(presences)
      const topic = room.topic as `room:${string}`
      endpoint.broadcast(topic, "user_left", { user, timestamp: timestamp(), remaining_connections })
    },
    receive: {
      async send(payload, room) {
        const content = readContent((payload as { content?: unknown } | null)?.content)
        if (content === 400) throw refused(400, "there is nothing in the message")
        if (content === 413) throw refused(413, "the message is too long")
        const waitMs = limiter.take(room.assigns.email)
        if (waitMs > 0) throw refused(429, `that is too fast; wait ${Math.ceil(waitMs / 1000)} s`)
        const { id, timestamp } = await say(room, content)
        return { message_id: id, timestamp }
      },
      users: (_payload, room) => ({ users: usersOf(room.presences) }),
      async history(payload, room) {
        const { before, limit = MAX_PAGE } = (payload ?? {}) as { before?: unknown; limit?: unknown }
        if ((before !== undefined && typeof before !== "string") || typeof limit !== "number" || !(limit > 0)) {
          throw refused(400, "before is the id of a message, and limit a number")
        }
        const range = { before, limit: Math.min(Math.floor(limit), MAX_PAGE) }
        return { messages: await store.messages(nameOf(room.topic), range) }
      },
    },
  }
}

/** Everybody's own channel. */
export function userChannel(
  options: ChannelsOptions,
): ChannelHandlers<ChatTopics["user:*"], `user:${string}`, ChatAssigns> {
  const { endpoint, store, people, now } = options
  const timestamp = (): string => new Date(now()).toISOString()
  return {
    join({ topic, socket }) {
      const user = people.user(socket.assigns.email)
      if (topic !== user.id) throw refused(403, "this is somebody else's")
      return { user, channel: topic, server_time: timestamp() }
    },
    receive: {
      async set_display_name(payload, channel) {
        const display_name = readDisplayName((payload as { display_name?: unknown } | null)?.display_name)
        if (display_name === undefined) throw refused(400, "a name has 1 to 50 characters, and no control characters")
        const { email } = channel.assigns
        const waitMs = options.limiter.take(email)
        if (waitMs > 0) throw refused(429, `that is too fast; wait ${Math.ceil(waitMs / 1000)} s`)
        await store.setDisplayName(email, display_name)
        const { user, rooms } = people.rename(email, display_name)
        const changed = { user, display_name, timestamp: timestamp() }
        for (const room of rooms) if (room.joined) room.update(user.id, { email, display_name })
        for (const topic of new Set(rooms.map(({ topic }) => topic as `room:${string}`))) {
          endpoint.broadcast(topic, "display_name_changed", changed)
        }
        channel.broadcast("display_name_changed", changed)
        return { display_name }
      },
    },
  }
}
