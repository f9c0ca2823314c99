import { createRequire } from "node:module"
import * as phoenixModule from "phoenix"
import * as rookeryModule from "../../lib/index.js"
import type { Loose } from "../../lib/protocol/contract.js"

/** The documented methods of `Push`, and undocumented ones that other libraries call. */
export interface ClientPush {
  send(): void
  resend(timeout: number): void
  receive(status: string, callback: (response?: Loose) => unknown): ClientPush
}

/** The documented members of `Channel`, and undocumented ones that other libraries use. */
export interface ClientChannel {
  readonly socket: object
  readonly timeout: number
  readonly joinedOnce: boolean
  readonly joinPush: ClientPush
  canPush(): boolean
  isClosed(): boolean
  isErrored(): boolean
  isJoined(): boolean
  isJoining(): boolean
  isLeaving(): boolean
  rejoin(timeout?: number): void
  trigger(event: string, payload?: unknown, ref?: string | null): void
  readonly state: string
  readonly topic: string
  onMessage: (event: string, payload: Loose, ref?: Loose, joinRef?: Loose) => unknown
  join(timeout?: number): ClientPush
  leave(timeout?: number): ClientPush
  push(event: string, payload?: unknown, timeout?: number): ClientPush
  on(event: string, callback: (payload: Loose, ref?: Loose, joinRef?: Loose) => unknown): number
  off(event: string, ref?: number): void
  onClose(callback: (...args: Loose[]) => unknown): void
  onError(callback: (...args: Loose[]) => unknown): number
}

/** The documented members of `Socket`, and undocumented ones that other libraries use. */
export interface ClientSocket {
  remove(channel: ClientChannel): void
  connect(params?: object): void
  disconnect(callback?: () => unknown, code?: number, reason?: string): void
  channel(topic: string, params?: object | (() => object)): ClientChannel
  onOpen(callback: (...args: Loose[]) => unknown): string
  onClose(callback: (...args: Loose[]) => unknown): string
  onError(callback: (...args: Loose[]) => unknown): string
  onMessage(callback: (...args: Loose[]) => unknown): string
  off(refs: string[]): void
  ping(callback: (rtt: number) => unknown): boolean
  isConnected(): boolean
  connectionState(): string
  endPointURL(): string
  protocol(): string
  replaceTransport(transport: unknown): unknown
  getLongPollTransport(): unknown
  push(message: object): void
  makeRef(): string
  log(kind: string, message: string, data?: unknown): void
  hasLogger(): boolean
}

/** The documented members of `Presence`. */
export interface ClientPresence {
  onJoin(callback: (key: string, current: Loose, joined: Loose) => unknown): void
  onLeave(callback: (key: string, current: Loose, left: Loose) => unknown): void
  onSync(callback: () => unknown): void
  list(by?: (key: string, presence: Loose) => unknown): unknown[]
}

/** A client of Phoenix channels under test: everything that the official client documents. */
export interface Library {
  readonly Socket: new (endpoint: string, options?: object) => ClientSocket
  readonly Presence: {
    new (channel: Loose, options?: object): ClientPresence
    syncState(state: object, newState: object, onJoin?: Loose, onLeave?: Loose): Loose
    syncDiff(state: object, diff: object, onJoin?: Loose, onLeave?: Loose): Loose
    list(state: object, by?: (key: string, presence: Loose) => unknown): unknown[]
  }
  readonly LongPoll: unknown
  readonly Serializer: {
    encode(message: object, callback: (frame: Loose) => unknown): unknown
    decode(frame: unknown, callback: (message: Loose) => unknown): unknown
  }
}

/** A library, and the options that make it comparable. */
export interface Subject {
  readonly library: Library
  /** Loads the library anew, as a page that was made since the last load would. */
  reload(): Library
  readonly options: object
}

const require = createRequire(import.meta.url)

export const phoenix: Subject = {
  library: phoenixModule as unknown as Library,
  // The library looks for a page once, when it is loaded.
  reload() {
    delete require.cache[require.resolve("phoenix")]
    return require("phoenix") as Library
  },
  options: {},
}

export const rookery: Subject = {
  library: rookeryModule,
  reload: () => rookeryModule,
  // With this random number the jitter is a factor of 1.
  options: { random: () => 0.5 },
}
