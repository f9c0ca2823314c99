import type { ChatMessage } from "../topics.js"
import { idAfter, timeOf } from "./message-id.js"
import type { ChatStore, StoredLink, StoredSession } from "./store.js"

interface StoredRoom {
  /** The email of the user who sent its first message. */
  readonly founder: string
  /** At least one. */
  readonly messages: ChatMessage[]
}

const dropExpired = (entries: Map<string, { readonly expires_at: number }>, now: number): void => {
  for (const [hash, { expires_at }] of entries) if (expires_at <= now) entries.delete(hash)
}

/** Keeps everything in memory, until the process ends: for specs, and for trying the chat. */
export function memoryStore(): ChatStore {
  const links = new Map<string, StoredLink>()
  const sessions = new Map<string, StoredSession>()
  const names = new Map<string, string>()
  const rooms = new Map<string, StoredRoom>()
  /** The number of rooms that each user has created. */
  const begun = new Map<string, number>()

  const forget = (name: string, { founder }: StoredRoom): void => {
    rooms.delete(name)
    const left = (begun.get(founder) ?? 0) - 1
    if (left > 0) begun.set(founder, left)
    else begun.delete(founder)
  }

  return {
    async saveLink(hash, link) {
      links.set(hash, link)
    },
    async takeLink(hash) {
      const link = links.get(hash)
      links.delete(hash)
      return link
    },
    async saveSession(hash, session) {
      sessions.set(hash, session)
    },
    session: async (hash) => sessions.get(hash),
    async endSession(hash) {
      sessions.delete(hash)
    },
    displayName: async (email) => names.get(email) ?? null,
    async setDisplayName(email, name) {
      if (name === null) names.delete(email)
      else names.set(email, name)
    },
    async append(name, message, kept, mayBegin) {
      let room = rooms.get(name)
      const isFirst = room === undefined
      if (room === undefined) {
        const founder = message.user.email
        const count = begun.get(founder) ?? 0
        if (rooms.size >= kept.rooms) return "rooms"
        if (count >= kept.roomsPerUser) return "roomsPerUser"
        if (!mayBegin) return "mayBegin"
        begun.set(founder, count + 1)
        rooms.set(name, (room = { founder, messages: [] }))
      }
      const { messages } = room
      const said = { id: idAfter(messages.at(-1)?.id, Date.parse(message.timestamp)), ...message }
      messages.push(said)
      if (messages.length > kept.messages) messages.splice(0, messages.length - kept.messages)
      return { said, isFirst }
    },
    async messages(name, { before, limit }) {
      const { messages } = rooms.get(name) ?? { messages: [] }
      const at = before === undefined ? -1 : messages.findIndex(({ id }) => id >= before)
      const end = at === -1 ? messages.length : at
      return messages.slice(Math.max(0, end - limit), end)
    },
    async rooms(limit) {
      const newest = [...rooms].map(([name, { messages }]) => ({ name, id: messages.at(-1)?.id ?? "" }))
      // Ids begin with their time, also those of different rooms.
      newest.sort((a, b) => (a.id < b.id ? 1 : -1))
      return newest.slice(0, limit).map(({ name }) => name)
    },
    async prune(now, roomsIdleSince) {
      dropExpired(links, now)
      dropExpired(sessions, now)
      for (const [name, room] of rooms) {
        if (timeOf(room.messages.at(-1)?.id ?? "") < roomsIdleSince) forget(name, room)
      }
    },
    async close() {},
  }
}
