// What a websocket works with, in its own words: it knows nothing of channels and endpoints.

/** A form in which frames are sent; the same message is made into it once for all who get it. */
export interface Encoding<T> {
  encode(data: string | Uint8Array, text: boolean): T
}

/** A message for many websockets. */
export interface SharedMessage {
  /** The message in one form; `undefined` if it could not be made. */
  as<T>(encoding: Encoding<T>): T | undefined
}

/** The limits of one websocket. */
export interface WebSocketLimits {
  readonly frameBytes: number
  readonly messageBytes: number
  /** Milliseconds from the first frame of a message to its last. */
  readonly messageMs: number
  /** Milliseconds without a frame. */
  readonly idleMs: number
  /** Milliseconds that TCP has to end after a close frame. */
  readonly closeMs: number
  /** Frames a second, in the long run and at once. A large frame counts for several. */
  readonly framesPerSecond: number
  readonly frameBurst: number
  /** Bytes that wait for a client that does not read. */
  readonly queuedBytes: number
  /** What happens to such a client: its connection is closed, or broadcasts are left out. */
  readonly slowClient: "close" | "drop"
}

/** A limit that a client of a websocket may hit. */
export type WebSocketLimitName =
  | "frameBytes"
  | "messageBytes"
  | "messageMs"
  | "idleMs"
  | "queuedBytes"
  | "framesPerSecond"
  | "heldBytes"

/** So many at once, and so many a second in the long run. */
export interface Bucket {
  /** Takes some, and returns whether there were as many. */
  take(count: number): boolean
}

/** What happens on a websocket is told to this. */
export interface WebSocketUser {
  receive(message: string | Uint8Array): void
  closed(code: number): void
  limitHit(limit: WebSocketLimitName): void
  /** The code of the websocket itself failed. */
  fail(error: unknown): void
}

/** A client that has more to do than is fair to the others. */
export interface Worker {
  /** Does some of it; `false` once nothing is left. */
  work(): boolean
}

/** Shares the time of the event loop among clients that send much at once. */
export interface TurnTaking {
  /** Whether enough was read in this turn, and so many bytes more have to wait. */
  isFull(bytes: number): boolean
  add(worker: Worker): void
  remove(worker: Worker): void
}

/** A client that memory is kept for. */
export interface Holder {
  /** How many bytes, now. */
  readonly heldBytes: number
  /** Lets go of them, and of the client. */
  giveUp(): void
}

/** Counts the bytes that are kept for all clients together. */
export interface HeldMemory {
  note(holder: Holder): void
  forget(holder: Holder): void
}
