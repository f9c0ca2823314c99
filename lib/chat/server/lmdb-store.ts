import { mkdirSync } from "node:fs"
import type { Database, RootDatabase } from "lmdb"
import { RookeryError } from "rookery/server"
import type { ChatMessage } from "../topics.js"
import { idAfter } from "./message-id.js"
import type { ChatStore, StoredLink, StoredSession } from "./store.js"

type MessageKey = [room: string, id: string]
type ExpiryKey = [expires_at: number, kind: "link" | "session", hash: string]

/** Behind every id there is. */
const LAST = "\uffff"

async function openRoot(dir: string): Promise<RootDatabase> {
  const { open } = await import("lmdb").catch((cause: unknown) => {
    const message = "the store on disk is kept by lmdb, which is not there: npm install lmdb"
    throw new RookeryError("bad_option", message, cause)
  })
  // Nobody else on the machine reads who chats, and what about.
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  // Without overlapping, a promise is kept only once the disk has what was written: a crash of the machine, too, takes
  // back nothing that was acknowledged. What is written at the same time still shares one trip to the disk. With a batch
  // for each turn lmdb has promises that nobody can see, and when the disk is full they take the process down.
  return open({ path: dir, noSubdir: false, overlappingSync: false, eventTurnBatching: false })
}

/**
 * Keeps everything in a folder, by lmdb. A promise is kept once the disk has it: neither a crash of the process nor one
 * of the machine takes it back.
 */
export async function lmdbStore(dir: string): Promise<ChatStore> {
  const root = await openRoot(dir)
  const links: Database<StoredLink, string> = root.openDB({ name: "links" })
  const sessions: Database<StoredSession, string> = root.openDB({ name: "sessions" })
  /** What expires, in the order in which it does. */
  const expiries: Database<true, ExpiryKey> = root.openDB({ name: "expiries" })
  const names: Database<string, string> = root.openDB({ name: "names" })
  const messages: Database<ChatMessage, MessageKey> = root.openDB({ name: "messages" })
  /** How many messages of each room are kept. */
  const rooms: Database<number, string> = root.openDB({ name: "rooms" })

  /** All of it or nothing, and nobody else in between. */
  const together = async <T>(write: () => T): Promise<T> => {
    try {
      return await root.transaction(write)
    } catch (error) {
      // What really failed is told by a promise of its own, which has to be looked at as well.
      const { commitError } = error as { commitError?: Promise<never> }
      if (commitError === undefined) throw error
      return await commitError
    }
  }

  /** The key of a room's newest message, or of its oldest. */
  const edge = (room: string, newest: boolean): MessageKey | undefined => {
    const [start, end]: [MessageKey, MessageKey] = newest
      ? [
          [room, LAST],
          [room, ""],
        ]
      : [
          [room, ""],
          [room, LAST],
        ]
    const [key] = messages.getKeys({ start, end, reverse: newest, limit: 1 })
    return key
  }

  return {
    saveLink: (hash, link) =>
      together(() => {
        links.putSync(hash, link)
        expiries.putSync([link.expires_at, "link", hash], true)
      }),
    takeLink: (hash) =>
      together(() => {
        const link = links.get(hash)
        if (link === undefined) return undefined
        links.removeSync(hash)
        expiries.removeSync([link.expires_at, "link", hash])
        return link
      }),
    saveSession: (hash, session) =>
      together(() => {
        sessions.putSync(hash, session)
        expiries.putSync([session.expires_at, "session", hash], true)
      }),
    session: async (hash) => sessions.get(hash),
    endSession: (hash) =>
      together(() => {
        const session = sessions.get(hash)
        if (session === undefined) return
        sessions.removeSync(hash)
        expiries.removeSync([session.expires_at, "session", hash])
      }),
    displayName: async (email) => names.get(email) ?? null,
    setDisplayName: (email, name) =>
      together(() => {
        if (name === null) names.removeSync(email)
        else names.putSync(email, name)
      }),
    append: (room, message, kept) =>
      together(() => {
        let count = rooms.get(room)
        if (count === undefined) {
          if (rooms.getKeysCount() >= kept.rooms) return undefined
          count = 0
        }
        const last = edge(room, true)
        const said = { id: idAfter(last?.[1], Date.parse(message.timestamp)), ...message }
        messages.putSync([room, said.id], said)
        for (count++; count > kept.messages; count--) {
          const oldest = edge(room, false)
          if (oldest !== undefined) messages.removeSync(oldest)
        }
        rooms.putSync(room, count)
        return said
      }),
    async messages(room, { before, limit }) {
      const range = { start: [room, before ?? LAST], end: [room, ""], reverse: true, exclusiveStart: true, limit }
      return [...messages.getRange(range)].map(({ value }) => value).reverse()
    },
    prune: (now) =>
      together(() => {
        const due = [...expiries.getKeys({ end: [now, LAST, LAST] })]
        for (const key of due) {
          const [, kind, hash] = key
          expiries.removeSync(key)
          if (kind === "link") links.removeSync(hash)
          else sessions.removeSync(hash)
        }
      }),
    close: () => root.close(),
  }
}
