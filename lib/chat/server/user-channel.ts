import type { ChannelHandlers } from "rookery/server/node"
import type { ChatTopics } from "../topics.js"
import { answering, checkRate, fieldOf, refused, type ChannelsOptions } from "./chat-channels.js"
import { readDisplayName } from "./checks.js"
import type { ChatAssigns } from "./people.js"

/** Makes the handlers of a user's own channel. */
export function userChannel(
  options: ChannelsOptions,
): ChannelHandlers<ChatTopics["user:*"], `user:${string}`, ChatAssigns> {
  const { store, people, directory, messagesPerUser, asksPerUser, now } = options
  const timestamp = (): string => new Date(now()).toISOString()
  return {
    join({ topic, socket }) {
      const user = people.user(socket.assigns.email)
      if (topic !== user.id) throw refused(403, "this is the channel of another user")
      return { user, channel: topic, server_time: timestamp() }
    },
    receive: {
      rooms(_payload, channel) {
        checkRate(asksPerUser, channel.assigns.email)
        if (directory === undefined) throw refused(404, "this chat has no directory of rooms")
        return answering(options, "rooms", async () => ({ rooms: await directory.rooms() }))
      },
      set_display_name(payload, channel) {
        const { email } = channel.assigns
        checkRate(messagesPerUser, email)
        const display_name = readDisplayName(fieldOf(payload, "display_name"))
        if (display_name === undefined) {
          throw refused(400, "a name has 1 to 50 characters, and no control characters; null removes it")
        }
        return answering(options, "set_display_name", async () => {
          await store.setDisplayName(email, display_name)
          const changed = { user: { ...people.user(email), display_name }, display_name, timestamp: timestamp() }
          // Every server that this user is connected to receives it, and shows it in the user's rooms.
          channel.broadcastFrom("display_name_changed", changed)
          return { display_name }
        })
      },
    },
  }
}
