import { seeded } from "../harness/random.js"

/** The part of a message that a serializer needs. */
export interface BenchMessage {
  readonly join_ref: string | null
  readonly ref: string | null
  readonly topic: string
  readonly event: string
  readonly payload: unknown
}

/** A message in each direction, different for each `n`, so that no two frames are the same. */
export interface Exchange {
  readonly toServer?: (n: number) => BenchMessage
  readonly toClient: (n: number) => BenchMessage
}

const random = seeded()
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
const phxRef = (): string => Array.from({ length: 16 }, () => ALPHABET[Math.floor(random() * 64)]).join("")

const presences = (from: number, count: number): object =>
  Object.fromEntries(
    Array.from({ length: count }, (_, i) => [
      `user:${from + i}`,
      { metas: [{ name: `User ${from + i}`, online_at: "1760000000", phx_ref: phxRef() }] },
    ]),
  )

const bytes = new ArrayBuffer(4096)
new Uint8Array(bytes).set(Array.from({ length: 4096 }, () => Math.floor(random() * 256)))

const room = { join_ref: "4", topic: "room:lobby" }
const broadcast = { join_ref: null, ref: null, topic: "room:lobby" }

/** The kinds of traffic that a socket has. */
export const exchanges: Readonly<Record<string, Exchange>> = {
  heartbeat: {
    toServer: (n) => ({ join_ref: null, ref: String(n), topic: "phoenix", event: "heartbeat", payload: {} }),
    toClient: (n) => ({
      join_ref: null,
      ref: String(n),
      topic: "phoenix",
      event: "phx_reply",
      payload: { status: "ok", response: {} },
    }),
  },
  "chat message": {
    toServer: (n) => ({
      ...room,
      ref: String(n),
      event: "new_msg",
      payload: { text: `The nest is ready, number ${n}.` },
    }),
    toClient: (n) => ({
      ...broadcast,
      event: "new_msg",
      payload: { id: n, from: "ada", text: `The nest is ready, number ${n}.`, at: 1_760_000_000_000 + n },
    }),
  },
  "presence diff of 20": {
    toClient: (n) => ({
      ...broadcast,
      event: "presence_diff",
      payload: { joins: presences(20 * n, 10), leaves: presences(20 * n + 10, 10) },
    }),
  },
  "4 kB of bytes": {
    toServer: (n) => ({ ...room, ref: String(n), event: "frame", payload: bytes }),
    toClient: () => ({ ...broadcast, event: "frame", payload: bytes }),
  },
}
