import { mkdirSync } from "node:fs"
import type { Database, RootDatabase } from "lmdb"
import { RookeryError } from "rookery/server/node"
import type { ChatMessage } from "../topics.js"
import { idAfter, timeOf } from "./message-id.js"
import type { ChatStore, StoredLink, StoredSession } from "./store.js"

type MessageKey = [room: string, id: string]
type ActivityKey = [newest: number, room: string]
type ExpiryKey = [expires_at: number, kind: "link" | "session", hash: string]

/** Sorts after every id. */
const LAST = "\uffff"
/** The most entries that one transaction removes, and the most rooms that one call of `prune` checks. */
const PRUNED = 500

async function openRoot(dir: string): Promise<RootDatabase> {
  const { open } = await import("lmdb").catch((cause: unknown) => {
    const message = "the store on disk needs the package lmdb: npm install lmdb"
    throw new RookeryError("bad_option", message, cause)
  })
  // Other users of the machine must not read the messages.
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  // Without `overlappingSync` a promise resolves only once the data is on the disk, so that even a crash of the machine
  // loses no acknowledged message. Concurrent writes still share one sync. With `eventTurnBatching` lmdb makes promises
  // of its own, whose rejections cannot be handled and end the process when the disk is full.
  return open({ path: dir, noSubdir: false, overlappingSync: false, eventTurnBatching: false })
}

/**
 * Keeps everything in a folder, with lmdb. A write resolves once the data is on the disk: neither a crash of the
 * process nor one of the machine loses it.
 */
export async function lmdbStore(dir: string): Promise<ChatStore> {
  const root = await openRoot(dir)
  const links: Database<StoredLink, string> = root.openDB({ name: "links" })
  const sessions: Database<StoredSession, string> = root.openDB({ name: "sessions" })
  /** Links and sessions, in the order in which they expire. */
  const expiries: Database<true, ExpiryKey> = root.openDB({ name: "expiries" })
  const names: Database<string, string> = root.openDB({ name: "names" })
  const messages: Database<ChatMessage, MessageKey> = root.openDB({ name: "messages" })
  /** The number of messages in each room. */
  const rooms: Database<number, string> = root.openDB({ name: "rooms" })
  /** The email of the user who created each room. Rooms of older stores have none, and count for no user. */
  const founders: Database<string, string> = root.openDB({ name: "founders" })
  /** The number of rooms that each user has created. */
  const begun: Database<number, string> = root.openDB({ name: "begun" })
  /** Each room by the time of its newest message. Rooms of older stores come in with their next message. */
  const active: Database<true, ActivityKey> = root.openDB({ name: "active" })
  /** The room that the next call of `prune` begins with. */
  let nextRoom = ""

  /** Runs writes in one transaction: all or none, and no other write in between. */
  const together = async <T>(write: () => T): Promise<T> => {
    try {
      return await root.transaction(write)
    } catch (error) {
      // The actual cause is in `commitError`, a promise that must be awaited so that its rejection is handled.
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

  const isIdle = (room: string, since: number): boolean => {
    const newest = edge(room, true)
    return newest === undefined || timeOf(newest[1]) < since
  }

  const forget = (room: string, newest: MessageKey | undefined): void => {
    rooms.removeSync(room)
    if (newest !== undefined) active.removeSync([timeOf(newest[1]), room])
    const founder = founders.get(room)
    if (founder === undefined) return
    founders.removeSync(room)
    const left = (begun.get(founder) ?? 0) - 1
    if (left > 0) begun.putSync(founder, left)
    else begun.removeSync(founder)
  }

  /** Removes idle rooms with their messages, at most `PRUNED` entries, and returns the rooms that are left. */
  const removeSome = (idle: readonly string[], since: number): readonly string[] => {
    let entries = PRUNED
    for (const [at, room] of idle.entries()) {
      // A message may have arrived since the last transaction.
      if (!isIdle(room, since)) continue
      const newest = edge(room, true)
      const keys = [...messages.getKeys({ start: [room, ""], end: [room, LAST], limit: entries })]
      for (const key of keys) messages.removeSync(key)
      entries -= keys.length
      if (entries === 0) {
        rooms.putSync(room, (rooms.get(room) ?? 0) - keys.length)
        return idle.slice(at)
      }
      forget(room, newest)
    }
    return []
  }

  /** Removes idle rooms among the next `PRUNED` ones: checking all rooms at once would block the event loop. */
  const pruneRooms = async (since: number): Promise<void> => {
    const looked = [...rooms.getKeys({ start: nextRoom, limit: PRUNED })]
    nextRoom = looked.length < PRUNED ? "" : `${looked.at(-1)}\0`
    let idle: readonly string[] = looked.filter((room) => isIdle(room, since))
    while (idle.length > 0) idle = await together(() => removeSome(idle, since))
  }

  const pruneExpired = async (now: number): Promise<void> => {
    const range = { end: [now, LAST, LAST], limit: PRUNED }
    let removed: number
    do {
      removed = await together(() => {
        const due = [...expiries.getKeys(range)]
        for (const key of due) {
          const [, kind, hash] = key
          expiries.removeSync(key)
          if (kind === "link") links.removeSync(hash)
          else sessions.removeSync(hash)
        }
        return due.length
      })
    } while (removed === PRUNED)
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
    append: (room, message, kept, mayBegin) =>
      together(() => {
        let count = rooms.get(room)
        const isFirst = count === undefined
        if (count === undefined) {
          const { email } = message.user
          const own = begun.get(email) ?? 0
          if (rooms.getKeysCount() >= kept.rooms) return "rooms"
          if (own >= kept.roomsPerUser) return "roomsPerUser"
          if (!mayBegin) return "mayBegin"
          founders.putSync(room, email)
          begun.putSync(email, own + 1)
          count = 0
        }
        const last = edge(room, true)
        const said = { id: idAfter(last?.[1], Date.parse(message.timestamp)), ...message }
        messages.putSync([room, said.id], said)
        if (last !== undefined) active.removeSync([timeOf(last[1]), room])
        active.putSync([timeOf(said.id), room], true)
        for (count++; count > kept.messages; count--) {
          const oldest = edge(room, false)
          if (oldest !== undefined) messages.removeSync(oldest)
        }
        rooms.putSync(room, count)
        return { said, isFirst }
      }),
    async messages(room, { before, limit }) {
      const range = { start: [room, before ?? LAST], end: [room, ""], reverse: true, exclusiveStart: true, limit }
      return [...messages.getRange(range)].map(({ value }) => value).reverse()
    },
    rooms: async (limit) => [...active.getKeys({ reverse: true, limit })].map(([, room]) => room),
    async prune(now, roomsIdleSince) {
      await pruneExpired(now)
      await pruneRooms(roomsIdleSince)
    },
    close: () => root.close(),
  }
}
