import { isBytes } from "../../protocol/bytes.js"
import type { Broadcast } from "../pubsub/broadcast.js"
import type { AnyHandler } from "../api/handlers.js"
import { Refused } from "../api/reply.js"
import type { ChannelHost } from "./channel-host.js"
import type { ChannelServices } from "./services.js"
import type { ChannelRoute } from "./channel-routes.js"

/** The number of messages in one reply, unless the client asks for another. */
const LIMIT = 100

/** The most bytes of memory that the messages of one reply take, unless it has only one. */
const MOST_BYTES = 1_048_576

/** As many of the oldest messages, or of the newest, as fit into one reply. The client asks again for the others. */
function firstBytes<M extends { readonly broadcast: Broadcast }>(
  messages: readonly M[],
  isNewest: boolean,
): readonly M[] {
  const ordered = isNewest ? [...messages].reverse() : messages
  let bytes = 0
  const end = ordered.findIndex(({ broadcast }, index) => (bytes += broadcast.weight) > MOST_BYTES && index > 0)
  if (end === -1) return messages
  return isNewest ? messages.slice(messages.length - end) : messages.slice(0, end)
}

const isOffset = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

/**
 * Makes the handler of `phx_history`, which replies with the messages that are kept after an offset, or with the newest
 * ones. A channel without a history has no such handler. Events that `intercept` handles are left out, because an old
 * message cannot be passed to `intercept` again. A message of bytes has no payload where the client's serializer cannot
 * carry bytes within a reply: the client gets such a message by `recover`, as a frame of its own.
 */
export function historyHandler(channel: {
  readonly topic: string
  readonly socket: Pick<ChannelHost, "carriesBytesWithin">
  readonly services: Pick<ChannelServices, "pubsub" | "turns">
  readonly route: ChannelRoute
}): AnyHandler | undefined {
  const { topic, socket, services, route } = channel
  const { history, intercept } = route
  if (history === undefined) return undefined
  return async (payload: unknown) => {
    const { since, limit = LIMIT } = (payload ?? {}) as { since?: unknown; limit?: unknown }
    if ((since !== undefined && !isOffset(since)) || !isOffset(limit)) {
      throw new Refused({ reason: "since and limit are whole numbers" })
    }
    const { pubsub, turns } = services
    const slice = await pubsub.history(topic, history, since, Math.min(limit, history.size))
    // A reply may be large, and a client may ask in a hundred channels at once.
    await turns.next()
    const kept = pubsub.numbered(topic, slice.messages).filter(({ broadcast }) => !intercept?.has(broadcast.event))
    const messages = firstBytes(kept, since === undefined).map(({ offset, broadcast: { event, payload } }) => {
      const isOmitted = isBytes(payload) && !socket.carriesBytesWithin
      return isOmitted ? { offset, event, omitted: "bytes" } : { offset, event, payload }
    })
    const { epoch, newest, complete } = slice
    return { epoch, newest, complete, messages }
  }
}
