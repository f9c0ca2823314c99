import { randomBytes } from "node:crypto"
import type { NodeRedis } from "rookery/redis"
import type { ChatMessage } from "../topics.js"
import { ID_LENGTH } from "./message-id.js"
import type { ChatStore, Following, NewMessage, RoomRefusal, StoredLink, StoredSession } from "./store.js"

/** The part of a node-redis client that is used here. */
interface RedisClient {
  duplicate(): RedisClient
  connect(): Promise<unknown>
  destroy(): void
  on(event: "error" | "ready", listener: (error?: unknown) => void): unknown
  sendCommand(args: readonly string[]): Promise<unknown>
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>
  unsubscribe(channel: string, listener: (message: string) => void): Promise<unknown>
}

/** Options of {@link redisStore}. */
export interface RedisStoreOptions {
  /** The prefix of all keys and channels. @default "rookery-chat" */
  prefix?: string
}

// Makes the same ids as the other stores: a time, a number within that time, and random characters.
const APPEND = `local function digits(value, length)
  local text = ''
  for _ = 1, length do
    local digit = value % 36
    text = string.sub('0123456789abcdefghijklmnopqrstuvwxyz', digit + 1, digit + 1) .. text
    value = (value - digit) / 36
  end
  return text
end
local first = redis.call('SISMEMBER', KEYS[1], ARGV[1]) == 0
if first then
  if redis.call('SCARD', KEYS[1]) >= tonumber(ARGV[5]) then return 'rooms' end
  if tonumber(redis.call('HGET', KEYS[4], ARGV[8]) or 0) >= tonumber(ARGV[9]) then return 'roomsPerUser' end
  if ARGV[10] ~= '1' then return 'mayBegin' end
  redis.call('SADD', KEYS[1], ARGV[1])
  redis.call('HSET', KEYS[3], ARGV[1], ARGV[8])
  redis.call('HINCRBY', KEYS[4], ARGV[8], 1)
end
local at, number = tonumber(ARGV[3]), 0
local last = redis.call('ZREVRANGE', KEYS[2], 0, 0)[1]
if last then
  last = string.sub(last, 1, 21)
  local lastAt = tonumber(string.sub(last, 1, 9), 36)
  if lastAt >= at then
    at, number = lastAt, tonumber(string.sub(last, 10, 13), 36) + 1
    if number >= 1679616 then at, number = at + 1, 0 end
  end
end
local entry = digits(at, 9) .. digits(number, 4) .. ARGV[6] .. ARGV[2]
redis.call('ZADD', KEYS[2], 0, entry)
redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -1 - tonumber(ARGV[4]))
redis.call('ZADD', KEYS[5], at, ARGV[1])
redis.call('PUBLISH', ARGV[7], (last or '') .. ' ' .. entry)
return { string.sub(entry, 1, 21), first and 1 or 0 }`

// A room of an older store has no founder, and counts for no user.
const FORGET = `local last = redis.call('ZREVRANGE', KEYS[2], 0, 0)[1]
if last and tonumber(string.sub(last, 1, 9), 36) >= tonumber(ARGV[2]) then return 0 end
redis.call('UNLINK', KEYS[2])
redis.call('SREM', KEYS[1], ARGV[1])
redis.call('ZREM', KEYS[5], ARGV[1])
local founder = redis.call('HGET', KEYS[3], ARGV[1])
if not founder then return 1 end
redis.call('HDEL', KEYS[3], ARGV[1])
if redis.call('HINCRBY', KEYS[4], founder, -1) <= 0 then redis.call('HDEL', KEYS[4], founder) end
return 1`

const PRUNE = `local hashes = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', ARGV[1], 'LIMIT', 0, 1000)
if #hashes == 0 then return 0 end
redis.call('HDEL', KEYS[1], unpack(hashes))
redis.call('ZREM', KEYS[2], unpack(hashes))
return #hashes`

const TAKE = `local value = redis.call('HGET', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])
return value`

const SAVE = `redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[1])`

const read = (entry: string): ChatMessage => ({
  id: entry.slice(0, ID_LENGTH),
  ...(JSON.parse(entry.slice(ID_LENGTH)) as NewMessage),
})

/** The approximate number of rooms that one call of `prune` checks. */
const ROOMS_LOOKED_AT = 200
/** The number of missed messages that are read at once. */
const MISSED = 500

/** Follows one room: passes a published message on if it is the next one, else reads the missing messages first. */
class Follower implements Following {
  newest = ""
  readonly #missed: (after: string) => Promise<ChatMessage[]>
  readonly #told: (message: ChatMessage) => void
  #reading: Promise<void> | undefined
  #again = false
  #stop = (): void => {}

  constructor(missed: (after: string) => Promise<ChatMessage[]>, told: (message: ChatMessage) => void) {
    this.#missed = missed
    this.#told = told
  }

  onStop(stop: () => void): void {
    this.#stop = stop
  }

  stop(): void {
    this.#stop()
  }

  heard(published: string): void {
    const space = published.indexOf(" ")
    if (this.#reading === undefined && published.slice(0, space) === this.newest)
      this.#pass(read(published.slice(space + 1)))
    // If the read fails, the messages are read once the connection is back, or with the next message.
    else this.catchUp().catch(() => {})
  }

  /** Reads the missing messages. If that fails they stay missing, and are read at the next call. */
  async catchUp(): Promise<void> {
    this.#again = true
    this.#reading ??= (async () => {
      while (this.#again) {
        this.#again = false
        const missed = await this.#missed(this.newest)
        for (const message of missed) this.#pass(message)
        if (missed.length === MISSED) this.#again = true
      }
    })().finally(() => (this.#reading = undefined))
    await this.#reading
  }

  #pass(message: ChatMessage): void {
    if (message.id <= this.newest) return
    this.newest = message.id
    this.#told(message)
  }
}

/**
 * Keeps everything in Redis or Valkey, for chat servers on several nodes. Acknowledged writes are as safe as Redis is
 * configured to keep them: with `appendonly yes` and `appendfsync always` even a loss of power loses none.
 *
 * @param client your client of node-redis; it is duplicated once, for a connection that receives the messages of
 *   other nodes
 */
export async function redisStore(
  given: NodeRedis,
  { prefix = "rookery-chat" }: RedisStoreOptions = {},
): Promise<ChatStore> {
  const client = given as unknown as RedisClient
  const subscriber = client.duplicate()
  const followers = new Set<Follower>()
  subscriber.on("error", () => {})
  // Messages may have been published while the subscriber's connection was lost.
  subscriber.on("ready", () => {
    for (const follower of followers) follower.catchUp().catch(() => {})
  })
  await subscriber.connect()

  const run = (script: string, keys: string[], ...args: string[]): Promise<unknown> =>
    client.sendCommand(["EVAL", script, String(keys.length), ...keys, ...args])
  const ask = (...args: string[]): Promise<unknown> => client.sendCommand(args)
  const kind = (name: "links" | "sessions"): string[] => [`${prefix}:${name}`, `${prefix}:${name}:expiry`]
  const [links, sessions] = [kind("links"), kind("sessions")]
  const names = `${prefix}:names`
  const rooms = `${prefix}:rooms`
  /** The email of the user who created each room, and the number of rooms that each user has created. */
  const [founders, begun] = [`${prefix}:founders`, `${prefix}:begun`]
  /** The rooms by the time of their newest message. Rooms of an older store come in with their next message. */
  const active = `${prefix}:active`
  /** The position among the rooms at which the next call of `prune` goes on. */
  let cursor = "0"
  const keyOf = (room: string): string => `${prefix}:room:${room}`
  const parsed = <T>(value: unknown): T | undefined => (value === null ? undefined : (JSON.parse(String(value)) as T))

  const before = async (room: string, end: string, limit: number): Promise<string[]> => {
    if (limit <= 0) return []
    const found = await ask("ZRANGE", keyOf(room), end, "-", "BYLEX", "REV", "LIMIT", "0", String(limit))
    return (found as string[]).reverse()
  }

  const pruneRooms = async (idleSince: number): Promise<void> => {
    // No room is idle since -Infinity, a number that the script could not read.
    if (idleSince === -Infinity) return
    const found = await ask("SSCAN", rooms, cursor, "COUNT", String(ROOMS_LOOKED_AT))
    const [next, looked] = found as [string, string[]]
    cursor = next
    const keys = (room: string): string[] => [rooms, keyOf(room), founders, begun, active]
    await Promise.all(looked.map((room) => run(FORGET, keys(room), room, String(idleSince))))
  }

  return {
    async saveLink(hash, link) {
      await run(SAVE, links, hash, JSON.stringify(link), String(link.expires_at))
    },
    takeLink: async (hash) => parsed<StoredLink>(await run(TAKE, links, hash)),
    async saveSession(hash, session) {
      await run(SAVE, sessions, hash, JSON.stringify(session), String(session.expires_at))
    },
    session: async (hash) => parsed<StoredSession>(await ask("HGET", sessions[0] as string, hash)),
    async endSession(hash) {
      await run(TAKE, sessions, hash)
    },
    displayName: async (email) => (await ask("HGET", names, email)) as string | null,
    async setDisplayName(email, name) {
      if (name === null) await ask("HDEL", names, email)
      else await ask("HSET", names, email, name)
    },
    async append(room, message, kept, mayBegin) {
      const outcome = await run(
        APPEND,
        [rooms, keyOf(room), founders, begun, active],
        room,
        JSON.stringify(message),
        String(Date.parse(message.timestamp)),
        String(kept.messages),
        String(kept.rooms),
        randomBytes(4).toString("hex"),
        keyOf(room),
        message.user.email,
        String(kept.roomsPerUser),
        mayBegin ? "1" : "0",
      )
      if (!Array.isArray(outcome)) return outcome as RoomRefusal
      const [id, first] = outcome as [string, number]
      return { said: { id, ...message }, isFirst: first === 1 }
    },
    messages: async (room, { before: id, limit }) =>
      (await before(room, id === undefined ? "+" : `(${id}`, limit)).map(read),
    async follow(room, told) {
      const after = async (id: string): Promise<ChatMessage[]> => {
        const page = ["BYLEX", "LIMIT", "0", String(MISSED)]
        // The bound sorts after every entry with that id.
        const found = await ask("ZRANGE", keyOf(room), id === "" ? "-" : `(${id}\u{10ffff}`, "+", ...page)
        return (found as string[]).map(read)
      }
      const follower = new Follower(after, told)
      const listener = (published: string): void => follower.heard(published)
      follower.onStop(() => {
        followers.delete(follower)
        subscriber.unsubscribe(keyOf(room), listener).catch(() => {})
      })
      const [last] = await before(room, "+", 1)
      follower.newest = last?.slice(0, ID_LENGTH) ?? ""
      followers.add(follower)
      await subscriber.subscribe(keyOf(room), listener)
      await follower.catchUp()
      return follower
    },
    rooms: async (limit) => (await ask("ZREVRANGE", active, "0", String(limit - 1))) as string[],
    async prune(now, roomsIdleSince) {
      for (const keys of [links, sessions]) while (Number(await run(PRUNE, keys, String(now))) === 1000);
      await pruneRooms(roomsIdleSince)
    },
    async close() {
      subscriber.destroy()
    },
  }
}
