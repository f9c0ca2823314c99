import type { Message } from "../protocol/message.js"
import { RECOVER, type RecoverRequest, type RecoverResponse } from "../protocol/recovery.js"

/** What a channel that recovers has seen of its topic, as it says with every join. */
export type Seen = { -readonly [Part in keyof RecoverRequest]: RecoverRequest[Part] }

/** The params of a join, with what was seen. */
export const withSeen = (params: object | undefined, seen: Seen | undefined): object =>
  seen ? { ...params, [RECOVER]: seen } : (params ?? {})

/** Reads the answer to a join: whether all is there or on its way; `undefined` at the first, which misses nothing. */
export function takeAnswer(seen: Seen, response: unknown): boolean | undefined {
  const first = seen.epoch === undefined
  // A server that knows nothing of this knows nothing of what was missed.
  const answer = (response as { [RECOVER]?: RecoverResponse } | null)?.[RECOVER]
  if (answer?.recovered) return true
  seen.epoch = answer?.epoch ?? ""
  seen.offset = answer?.offset ?? 0
  return first ? undefined : false
}

/**
 * Notes a message; `false` for one that came before, or that comes to nobody: what an earlier join is sent while the
 * next one is not answered will come again, and what is missing before it must not be forgotten.
 */
export function see(seen: Seen, { offset, join_ref }: Message, joined: boolean): boolean {
  if (!offset) return true
  // Of one broadcast, `intercept` may make several pushes.
  if (!joined || (!join_ref && offset <= (seen.offset ?? 0))) return false
  seen.offset = offset
  return true
}
