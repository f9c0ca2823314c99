import type { Recording } from "./recording.js"
import { readParts, type Parts } from "./ref-pairs.js"
import { recordedRequests, type ReplayedLongPoll, type SeenRequest } from "./replayed-longpoll.js"
import type { ReplayedWebSockets, SeenConnection } from "./replayed-websocket.js"

type Request = Omit<SeenRequest, "frames"> & { sent: (Parts | string)[] }
type Connection = Omit<SeenConnection, "sent"> & { sent: (Parts | string)[] }

/** The actions of a client without their times, to compare two clients, or a client and a recording. */
export interface Outcome {
  connections: Connection[]
  polls: Request[]
  posts: Request[]
  events: string[]
}

// The text of an error from a proxy differs between platforms.
const ERROR_TEXT = /^socket error .*/
const EVENT_REFS = /\b((?:join_)?ref)=(\w+)/g

/** The actions of the client in a recording. */
export function recordedOutcome(recording: Recording): Outcome {
  const { connections = [], frames = [], events = [] } = recording
  return withNamedRefs({
    connections: connections.map(({ id, url, protocols, http, close }) => ({
      url,
      protocols,
      end: http.status !== 101 || close === undefined ? undefined : ended(close),
      sent: frames
        .filter((frame) => frame.conn === id && frame.dir === "out" && frame.kind === "text")
        .map((frame) => readParts(frame.data)),
    })),
    polls: recordedRequests(recording, "GET").map(toRequest),
    posts: recordedRequests(recording, "POST").map(toRequest),
    events: events.map(({ event }) => event),
  })
}

/** The actions of the driven client. */
export function seenOutcome(sockets: ReplayedWebSockets, longPoll: ReplayedLongPoll, events: string[]): Outcome {
  return withNamedRefs({
    connections: sockets.connections.map((connection) => ({ ...connection, sent: connection.sent.map(readParts) })),
    polls: longPoll.polls.map(toRequest),
    posts: longPoll.posts.map(toRequest),
    events,
  })
}

/** Every sent ref, in the order of sending. */
export function sentRefs(sockets: ReplayedWebSockets, longPoll: ReplayedLongPoll): unknown[] {
  const frames = [...sockets.connections.flatMap(({ sent }) => sent), ...longPoll.posts.flatMap((post) => post.frames)]
  return frames.flatMap((frame) => {
    const parts = readParts(frame)
    return typeof parts === "string" ? [] : [parts[1]]
  })
}

const ended = ({ by, code, reason }: { by: string; code: number; reason: string }): SeenConnection["end"] => ({
  by,
  code,
  reason,
})

const toRequest = ({ frames, ...request }: SeenRequest): Request => ({ ...request, sent: frames.map(readParts) })

/** Names refs by the order of their first use: each client has its own numbers, but equal refs have to stay equal. */
function withNamedRefs(outcome: Outcome): Outcome {
  const names = new Map<string, string>()
  const nameOf = (ref: string | null): string | null => {
    if (ref === null) return null
    if (!names.has(ref)) names.set(ref, `#${names.size + 1}`)
    return names.get(ref) ?? null
  }
  for (const { sent } of [...outcome.connections, ...outcome.posts]) {
    for (const parts of sent) {
      if (typeof parts === "string") continue
      parts[0] = nameOf(parts[0])
      parts[1] = nameOf(parts[1])
    }
  }
  const events = outcome.events.map((event) =>
    event
      .replace(ERROR_TEXT, "socket error")
      .replace(EVENT_REFS, (_, part: string, ref: string) => `${part}=${names.get(ref) ?? ref}`),
  )
  return { ...outcome, events }
}
