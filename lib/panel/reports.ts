import type { ChannelState, Status } from "rookery"

/** The status of the connection has changed, or a further attempt is planned. */
export interface StatusReport {
  readonly kind: "status"
  /** Milliseconds since 1970. */
  readonly at: number
  readonly status: Status
  /** How many attempts in a row have failed. */
  readonly tries: number
  /** Milliseconds until the next attempt, while the socket waits for it. */
  readonly retryInMs: number | null
  /** Why the connection was lost, if it was. */
  readonly lost: string | null
}

/** A message was sent or received. */
export interface MessageReport {
  readonly kind: "message"
  readonly at: number
  readonly direction: "sent" | "received"
  readonly topic: string
  readonly event: string
  readonly joinRef: string | null
  readonly ref: string | null
  /** The place in the history of its topic, for a channel that recovers. */
  readonly offset: number | null
  /** A copy, cut and without secrets, of values that JSON can express. */
  readonly payload: unknown
  /** The serializer of the frame. */
  readonly serializer: string
  readonly form: "text" | "binary"
  /** The bytes of the frame. */
  readonly bytes: number
  /** The bytes that the message takes in each serializer of the option `compare`. */
  readonly sizes: Readonly<Record<string, number>>
}

/** A heartbeat was answered. */
export interface LatencyReport {
  readonly kind: "latency"
  readonly at: number
  /** The milliseconds between the heartbeat and its answer. */
  readonly ms: number
}

/** A message could not be encoded, or a frame not decoded. */
export interface ErrorReport {
  readonly kind: "error"
  readonly at: number
  readonly direction: "sent" | "received"
  readonly message: string
}

/** One thing that a client's socket did. */
export type SocketReport = StatusReport | MessageReport | LatencyReport | ErrorReport

/** The bytes and messages that one serializer has carried. */
export interface CarriedBytes {
  readonly sent: number
  readonly received: number
}

/** A channel of a client's socket. */
export interface SocketChannel {
  readonly topic: string
  readonly state: ChannelState
}

/** The state of a client's socket. */
export interface SocketSnapshot {
  readonly status: Status
  /** How many attempts in a row have failed. */
  readonly tries: number
  /** Milliseconds until the next attempt, while the socket waits for it. */
  readonly retryInMs: number | null
  /** Why the connection was lost, if it was. */
  readonly lost: string | null
  /** The milliseconds that the last heartbeat took; `null` before one is answered on this connection. */
  readonly latencyMs: number | null
  /** How many channels the socket has. */
  readonly channels: number
  /** The messages since the first listener. */
  readonly messages: CarriedBytes
  /** The bytes since the first listener, by the name of the serializer. */
  readonly bytes: Readonly<Record<string, CarriedBytes>>
}
