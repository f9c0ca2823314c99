// The interfaces that a websocket needs from its surroundings. This folder does not import the core of the server, so
// the websocket can be read and tested without channels and endpoints.

/** A form in which frames are sent. A shared message is encoded once, for all clients that get this form. */
export interface Encoding<T> {
  encode(data: string | Uint8Array, text: boolean): T
}

/** A message for many websockets. */
export interface SharedMessage {
  /** The message in one form; `undefined` if it could not be encoded. */
  as<T>(encoding: Encoding<T>): T | undefined
}

/** The limits of one websocket. */
export interface WebSocketLimits {
  readonly frameBytes: number
  readonly messageBytes: number
  /** The milliseconds from the first frame of a message to its last. */
  readonly messageMs: number
  /** The milliseconds without a frame after which the connection is closed. */
  readonly idleMs: number
  /** The milliseconds that TCP has to end after a close frame. */
  readonly closeMs: number
  /** The frames per second in the long run. A large frame counts as several. */
  readonly framesPerSecond: number
  /** The frames that may arrive at once. */
  readonly frameBurst: number
  /** The bytes that may wait for a client that reads slowly. */
  readonly queuedBytes: number
  /** How to treat a client over `queuedBytes`: `close` ends its connection, `drop` skips broadcasts for it. */
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

/** A token bucket: allows a burst at once, and a rate per second in the long run. */
export interface Bucket {
  /** Takes tokens; `false` if there are too few. */
  take(count: number): boolean
}

/** The user of a websocket, called for its messages and events. */
export interface WebSocketUser {
  receive(message: string | Uint8Array): void
  closed(code: number): void
  limitHit(limit: WebSocketLimitName): void
  /** The code of the websocket itself failed. */
  fail(error: unknown): void
}

/** A client with more work than would be fair to do at once. */
export interface Worker {
  /** Does a part of the work; `false` once none is left. */
  work(): boolean
}

/** A client that is not read from until there is room for what it sends. */
export interface Reader {
  /** Reads from the client again. */
  readAgain(): void
}

/** Divides the time of the event loop among clients that send much at once. */
export interface TurnTaking {
  /** Counts the bytes of a large chunk. Returns whether the chunk has to wait, because enough was read in this turn. */
  isFull(bytes: number): boolean
  /** Whether long work has to wait for its turn, behind the work of others. */
  mustWait(): boolean
  add(worker: Worker): void
  /** Adds a client that has been paused. Only a few clients in a turn are read from again. */
  readLater(reader: Reader): void
  remove(client: Worker & Reader): void
}

/** A client that the endpoint holds memory for. */
export interface Holder {
  /** The bytes that it holds now. */
  readonly heldBytes: number
  /** Frees them, and closes the client. */
  giveUp(): void
}

/** Counts the bytes that are held for all clients together. */
export interface HeldMemory {
  note(holder: Holder): void
  forget(holder: Holder): void
}
