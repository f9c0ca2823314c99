import type { Message } from "../protocol/message.js"
import { RECOVER, type RecoverRequest, type RecoverResponse } from "../protocol/recovery.js"

/** How much of its topic a recovering channel has received; it is sent with every join. */
export type RecoveryPosition = { -readonly [Part in keyof RecoverRequest]: RecoverRequest[Part] }

/** The params of a join, with the position of a channel that recovers. */
export const withRecoverParams = (params: object | undefined, position: RecoveryPosition | undefined): object =>
  position ? { ...params, [RECOVER]: position } : (params ?? {})

/**
 * Reads and removes the server's part of the answer to a join, so that the application gets only what its own `join`
 * returned. `true`: all missed messages have arrived or are on their way; `false`: some are lost; `undefined`: it was
 * the first join, which misses nothing.
 */
export function readJoinResponse(position: RecoveryPosition, response: unknown): boolean | undefined {
  const isFirst = position.epoch === undefined
  // A server without recovery does not know what was missed.
  const answered = response as { [RECOVER]?: RecoverResponse } | null
  const answer = answered?.[RECOVER]
  if (answer) delete answered[RECOVER]
  if (answer?.recovered) return true
  position.epoch = answer?.epoch ?? ""
  position.offset = answer?.offset ?? 0
  return isFirst ? undefined : false
}

/**
 * Moves the position past a message. Returns `false` for a message to drop: a repeated one, or one that arrives between
 * two joins. The server sends the latter again after the next join; counting it now would hide the gap before it.
 */
export function acceptMessage(position: RecoveryPosition, { offset, join_ref }: Message, isJoined: boolean): boolean {
  if (!offset) return true
  // `intercept` may turn one broadcast into several pushes with the same offset, which carry a join_ref.
  if (!isJoined || (!join_ref && offset <= (position.offset ?? 0))) return false
  position.offset = offset
  return true
}
