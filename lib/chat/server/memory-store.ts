import type { ChatMessage } from "../topics.js"
import { idAfter } from "./message-id.js"
import type { ChatStore, StoredLink, StoredSession } from "./store.js"

const dropExpired = (entries: Map<string, { readonly expires_at: number }>, now: number): void => {
  for (const [hash, { expires_at }] of entries) if (expires_at <= now) entries.delete(hash)
}

/** Keeps everything in memory, and nothing after that: for specs, and for a look at the chat. */
export function memoryStore(): ChatStore {
  const links = new Map<string, StoredLink>()
  const sessions = new Map<string, StoredSession>()
  const names = new Map<string, string>()
  const rooms = new Map<string, ChatMessage[]>()
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
    async append(room, message, kept) {
      let messages = rooms.get(room)
      if (messages === undefined) {
        if (rooms.size >= kept.rooms) return undefined
        rooms.set(room, (messages = []))
      }
      const said = { id: idAfter(messages.at(-1)?.id, Date.parse(message.timestamp)), ...message }
      messages.push(said)
      if (messages.length > kept.messages) messages.splice(0, messages.length - kept.messages)
      return said
    },
    async messages(room, { before, limit }) {
      const messages = rooms.get(room) ?? []
      const at = before === undefined ? -1 : messages.findIndex(({ id }) => id >= before)
      const end = at === -1 ? messages.length : at
      return messages.slice(Math.max(0, end - limit), end)
    },
    async prune(now) {
      dropExpired(links, now)
      dropExpired(sessions, now)
    },
    async close() {},
  }
}
