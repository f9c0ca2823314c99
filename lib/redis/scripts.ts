import { createHash } from "node:crypto"

/** A script that Redis runs atomically, and its name there. */
interface ScriptText {
  readonly text: string
  readonly sha: string
}

/** A script, in one version for each publish command. All keys and the channel of a call belong to one topic. */
export type Script = Readonly<Record<"PUBLISH" | "SPUBLISH", ScriptText>>

const named = (text: string): ScriptText => ({ text, sha: createHash("sha1").update(text).digest("hex") })

const script = (text: string): Script => ({
  PUBLISH: named(text),
  SPUBLISH: named(text.replaceAll("'PUBLISH'", "'SPUBLISH'")),
})

// The first byte of a message on a topic's channel.
/** From one node: its id, and the body. */
export const PLAIN = 0
/** With a place in the history: the epoch, the offset, and the body. */
export const NUMBERED = 1
/** Presences: the node, the version, and the change as JSON. */
export const PRESENCE = 2

// Lua's own clock is not available, and those of the nodes differ.
const NOW = `local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`

/**
 * Numbers, stores and publishes a message, unless its deduplication key exists. Keys: numbering, stream, and the
 * deduplication key if there is one.
 */
export const APPEND: Script = script(
  `local once = ARGV[7] ~= '0'
if once then
  local done = redis.call('HMGET', KEYS[3], 'e', 'o')
  if done[1] then return done end
end
${NOW}local epoch = redis.call('HGET', KEYS[1], 'e')
if not epoch then
  epoch = ARGV[2]
  redis.call('HSET', KEYS[1], 'e', epoch, 'o', 0)
  redis.call('DEL', KEYS[2])
end
local offset = redis.call('HINCRBY', KEYS[1], 'o', 1)
local id = string.format('%d-%.0f', offset, now)
redis.call('XADD', KEYS[2], 'MAXLEN', ARGV[4], id, 'b', ARGV[3])
redis.call('PEXPIRE', KEYS[2], ARGV[5])
redis.call('PEXPIRE', KEYS[1], ARGV[6])
if once then
  redis.call('HSET', KEYS[3], 'e', epoch, 'o', offset)
  redis.call('PEXPIRE', KEYS[3], ARGV[7])
end
redis.call('PUBLISH', ARGV[1], '\\1' .. epoch .. '\\0' .. id .. '\\0' .. ARGV[3])
return {epoch, offset}`,
)

/** Reads a piece of the history: from an id on, or the newest. Keys: numbering, stream. */
export const HISTORY: Script = script(
  `${NOW}local epoch = redis.call('HGET', KEYS[1], 'e')
if not epoch then
  epoch = ARGV[1]
  redis.call('HSET', KEYS[1], 'e', epoch, 'o', 0)
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
local found
if ARGV[3] == '' then
  found = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', ARGV[4])
else
  found = redis.call('XRANGE', KEYS[2], ARGV[3], '+', 'COUNT', ARGV[4])
end
local first = redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', 1)
return {epoch, tonumber(redis.call('HGET', KEYS[1], 'o')), now, found, first}`,
)

/** Begins a new epoch, unless another node did. Keys: numbering. */
export const RENUMBER: Script = script(
  `local epoch = redis.call('HGET', KEYS[1], 'e')
if epoch ~= ARGV[1] then return epoch end
redis.call('HSET', KEYS[1], 'e', ARGV[2])
return ARGV[2]`,
)

// A version that was never used before: one more than the last version, or the time if that is unknown.
const VERSION = `local version = tonumber(redis.call('HGET', KEYS[1], 'v'))
if version then version = version + 1 else version = now * 1000 end
local text = string.format('%.0f', version)
redis.call('HSET', KEYS[1], 'v', text)
if redis.call('HLEN', KEYS[1]) == 1 then
  redis.call('PEXPIRE', KEYS[1], 3600000)
else
  redis.call('PERSIST', KEYS[1])
end
`

/** Changes presences and publishes the change. Keys: presences. */
export const CHANGE: Script = script(
  `${NOW}local leaves = tonumber(ARGV[4])
for i = 5, 4 + leaves do
  redis.call('HDEL', KEYS[1], ARGV[i])
end
for i = 5 + leaves, #ARGV, 2 do
  redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
end
${VERSION}redis.call('PUBLISH', ARGV[1], '\\2' .. ARGV[2] .. '\\0' .. text .. '\\0' .. ARGV[3])
return text`,
)

/** Removes the presences of a dead node. Keys: presences. */
export const SWEEP: Script = script(
  `${NOW}local own = ARGV[2] .. ':'
local refs = {}
for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
  if string.sub(field, 1, #own) == own then
    redis.call('HDEL', KEYS[1], field)
    refs[#refs + 1] = string.sub(field, #own + 1)
  end
end
if #refs == 0 then return 0 end
${VERSION}local change = '{"joins":[],"leaves":' .. cjson.encode(refs) .. '}'
redis.call('PUBLISH', ARGV[1], '\\2' .. ARGV[2] .. '\\0' .. text .. '\\0' .. change)
return #refs`,
)

/** Reports that a node is alive. Returns whether it had been removed, and the dead nodes. Keys: nodes. */
export const RENEW: Script = script(
  `${NOW}local new = redis.call('ZADD', KEYS[1], now, ARGV[1])
return {new, redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now - tonumber(ARGV[2]))}`,
)

/** Claims the work of a key. Keys: claim. */
export const CLAIM: Script = script(
  `local value = redis.call('GET', KEYS[1])
if value then return value end
redis.call('SET', KEYS[1], 'p' .. ARGV[1], 'PX', ARGV[2])
return false`,
)

/** Releases a claim, if the node still holds it. Keys: claim. */
export const RELEASE: Script = script(
  `if redis.call('GET', KEYS[1]) == 'p' .. ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1`,
)

/** Extends a claim, if the node still holds it. Keys: claim. */
export const EXTEND: Script = script(
  `if redis.call('GET', KEYS[1]) == 'p' .. ARGV[1] then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 1`,
)
