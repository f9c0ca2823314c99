import type { ChannelHandlers, NoReply } from "rookery/server/node"
import { MAX_CONTENT, type ChatMessage, type ChatTopics, type ChatUser } from "../topics.js"
import { CatchUp } from "./catch-up.js"
import { answering, checkRate, fieldOf, refused, type ChannelsOptions } from "./chat-channels.js"
import { isRoomName, readContent } from "./checks.js"
import { Founding } from "./founding.js"
import { isMessageId } from "./message-id.js"
import type { ChatAssigns, RoomChannel } from "./people.js"
import { RoomFeed } from "./room-feed.js"

type RoomTopic = `room:${string}`

/** The most messages in one answer. */
const MAX_PAGE = 200
/** The most characters in the messages of one answer: 200 messages may have 800,000. */
const MAX_PAGE_CHARACTERS = 256 * 1024

const nameOf = (topic: string): string => topic.slice("room:".length)

/** The newest messages that fit into one answer, at least one. The client requests those before them next. */
function fitting(messages: ChatMessage[]): ChatMessage[] {
  let left = MAX_PAGE_CHARACTERS
  const from = messages.findLastIndex(({ content }) => (left -= content.length) < 0)
  return messages.slice(Math.min(from + 1, messages.length - 1))
}

const connections = (presences: RoomChannel["presences"]): number =>
  Object.values(presences).reduce((sum, { metas }) => sum + metas.length, 0)

const usersOf = (presences: RoomChannel["presences"]): ChatUser[] =>
  Object.entries(presences).map(([id, { metas }]) => {
    const { email = "", display_name = null } = metas.at(-1) ?? {}
    return { id, email, display_name }
  })

/** Makes the handlers of the rooms. */
export function roomChannel(options: ChannelsOptions): ChannelHandlers<ChatTopics["room:*"], RoomTopic, ChatAssigns> {
  const { endpoint, store, people, messagesPerUser, typingPerUser, asksPerUser, history, now } = options
  const timestamp = (): string => new Date(now()).toISOString()
  /** Broadcasts the messages of a room in the order in which they are stored. */
  const feed = new RoomFeed(endpoint, store)
  const catchUp = new CatchUp(endpoint)

  return {
    join({ topic, socket }, room) {
      if (!isRoomName(nameOf(topic))) {
        throw refused(400, "a room's name is up to 64 small letters, digits, - and _, with no - or _ in front")
      }
      const { email } = socket.assigns
      checkRate(asksPerUser, email)
      return answering(options, "join", async () => {
        // The signal aborts for every way in which the join or the channel can end.
        room.signal.addEventListener("abort", () => feed.exit(topic), { once: true })
        await feed.enter(topic, nameOf(topic))
        const look = (): Promise<ChatMessage[]> => store.messages(nameOf(topic), { limit: history })
        const messages = await catchUp.messages(room, history, look, (newest) => feed.through(topic, newest))
        const self = people.user(email)
        const presences = await endpoint.allPresences(topic)
        const others = usersOf(presences).filter(({ id }) => id !== self.id)
        return { users: [...others, self], total_connections: connections(presences) + 1, messages: fitting(messages) }
      })
    },
    joined(room) {
      const user = people.user(room.assigns.email)
      const first = room.presences[user.id] === undefined
      catchUp.finish(room)
      people.entered(room)
      room.track(user.id, { email: user.email, display_name: user.display_name })
      if (!first) return
      const total_connections = connections(room.presences)
      room.broadcastFrom("user_joined", { user, timestamp: timestamp(), total_connections })
    },
    terminate(_reason, room) {
      people.left(room)
      const user = people.user(room.assigns.email)
      const topic = room.topic as RoomTopic
      const presences = endpoint.presences(topic)
      if (presences[user.id] !== undefined) return
      const remaining_connections = connections(presences)
      endpoint.broadcast(topic, "user_left", { user, timestamp: timestamp(), remaining_connections })
    },
    receive: {
      send(payload, room) {
        const { email } = room.assigns
        checkRate(messagesPerUser, email)
        const content = readContent(fieldOf(payload, "content"))
        if (content === 400) throw refused(400, "a message is text, with no control characters in it")
        if (content === 413) throw refused(413, `the message is longer than ${MAX_CONTENT} characters`)
        const answer = room.replyTo()
        return answering(options, "send", async (): Promise<NoReply> => {
          const topic = room.topic as RoomTopic
          const message = { user: people.user(email), content, timestamp: timestamp() }
          const founding = new Founding(options, nameOf(topic), room.socket)
          await feed.say(topic, nameOf(topic), message, founding, (outcome) => {
            if (typeof outcome === "string") throw founding.refusal(outcome)
            if (outcome.isFirst) founding.begun()
            answer("ok", { message_id: outcome.said.id, timestamp: outcome.said.timestamp })
          })
          return room.noReply
        })
      },
      typing(_payload, room) {
        const { email } = room.assigns
        checkRate(typingPerUser, email)
        room.broadcastFrom("typing", { user: people.user(email) })
        return {}
      },
      users(_payload, room) {
        checkRate(asksPerUser, room.assigns.email)
        return { users: usersOf(room.presences) }
      },
      history(payload, room) {
        const before = fieldOf(payload, "before")
        const limit = fieldOf(payload, "limit") ?? MAX_PAGE
        if (before !== undefined && !isMessageId(before)) throw refused(400, "before is the id of a message")
        if (typeof limit !== "number" || !(limit >= 1)) throw refused(400, "limit is a number from 1 on")
        checkRate(asksPerUser, room.assigns.email)
        const range = { before, limit: Math.min(Math.floor(limit), MAX_PAGE) }
        return answering(options, "history", async () => ({
          messages: fitting(await store.messages(nameOf(room.topic), range)),
        }))
      },
    },
  }
}
