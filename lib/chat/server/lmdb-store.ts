import type { Database, RootDatabase } from "lmdb"
import { RookeryError } from "rookery"
import type { ChatMessage } from "../topics.js"
import type { ChatStore, StoredLink, StoredSession } from "./store.js"

/** Behind every id there is. */
const LAST = "\uffff"

async function openRoot(dir: string): Promise<RootDatabase> {
  const { open } = await import("lmdb").catch((cause: unknown) => {
    const message = "the store on disk is kept by lmdb, which is not there: npm install lmdb"
    throw new RookeryError("bad_option", message, cause)
  })
  return open({ path: dir, compression: false })
}

/**
 * Keeps everything in a folder, by lmdb. A promise is kept once the disk has it: neither a crash of the process nor one
 * of the machine takes it back.
 */
export async function lmdbStore(dir: string): Promise<ChatStore> {
  const root = await openRoot(dir)
  const links: Database<StoredLink, string> = root.openDB({ name: "links" })
  const sessions: Database<StoredSession, string> = root.openDB({ name: "sessions" })
  const names: Database<string, string> = root.openDB({ name: "names" })
  const messages: Database<ChatMessage, [room: string, id: string]> = root.openDB({ name: "messages" })

  /** Writes, and waits for the disk: a commit alone is only safe from a crash of this process. */
  const durably = async (write: () => Promise<unknown>): Promise<void> => {
    await write()
    await root.flushed
  }

  const expired = <V extends { readonly expires_at: number }>(entries: Database<V, string>, now: number): string[] =>
    [...entries.getRange()].filter(({ value }) => value.expires_at <= now).map(({ key }) => key)

  /** Every room, with its messages but the newest. */
  const outdated = (keep: number): [string, string][] => {
    const found: [string, string][] = []
    for (let start: [string, string] = ["", ""]; ;) {
      const [first] = messages.getKeys({ start, limit: 1 })
      if (first === undefined) return found
      const [room] = first
      found.push(...messages.getKeys({ start: [room, LAST], end: [room, ""], reverse: true, offset: keep }))
      start = [room, LAST]
    }
  }

  return {
    saveLink: (hash, link) => durably(() => links.put(hash, link)),
    async takeLink(hash) {
      // One transaction: of two that ask at the same time, the second finds nothing.
      const link = await root.transaction(() => {
        const found = links.get(hash)
        if (found !== undefined) links.removeSync(hash)
        return found
      })
      await root.flushed
      return link
    },
    saveSession: (hash, session) => durably(() => sessions.put(hash, session)),
    session: async (hash) => sessions.get(hash),
    endSession: (hash) => durably(() => sessions.remove(hash)),
    displayName: async (email) => names.get(email) ?? null,
    setDisplayName: (email, name) => durably(() => (name === null ? names.remove(email) : names.put(email, name))),
    append: (room, message) => durably(() => messages.put([room, message.id], message)),
    async messages(room, { before, limit }) {
      const range = messages.getRange({
        start: [room, before ?? LAST],
        end: [room, ""],
        reverse: true,
        limit: limit + 1,
      })
      const found = [...range].map(({ value }) => value).filter(({ id }) => id !== before)
      return found.slice(0, limit).reverse()
    },
    async prune(now, messagesPerRoom) {
      await durably(() =>
        root.batch(() => {
          for (const hash of expired(links, now)) void links.remove(hash)
          for (const hash of expired(sessions, now)) void sessions.remove(hash)
          for (const key of outdated(messagesPerRoom)) void messages.remove(key)
        }),
      )
    },
    close: () => root.close(),
  }
}
