import type { Loose } from "../protocol/contract.js"
import type { Message } from "../protocol/message.js"
import type { CloseInfo } from "../transport/transport.js"
import type { Status, StatusChange } from "./connection-status.js"
import { addHandler, callHandlers, keepHandlers, type HandlerList } from "./handler-list.js"
import type { TransportOption } from "./socket-options.js"

/** The handlers of a socket. */
export abstract class SocketEvents {
  #handlers: HandlerList

  /** A ref that this socket has not used yet. */
  abstract makeRef(): string
  /** @internal */
  abstract report(error: unknown): void

  /** Calls back whenever a connection opens. The ref is for {@link Socket.off}. */
  onOpen(callback: () => void): string {
    return this.#add("open", callback)
  }

  /** Calls back whenever a connection closes, with its close event. */
  onClose<Info extends CloseInfo = CloseInfo>(callback: (info: Info) => void): string {
    return this.#add("close", callback)
  }

  /** Calls back on errors of the connection, on frames that cannot be decoded, and when a callback of yours throws. */
  onError<Reason = unknown, Way = TransportOption | undefined>(
    callback: (error: Reason, transport: Way, establishedConnections: number) => void,
  ): string {
    return this.#add("error", callback)
  }

  /** Calls back for every message, after the handlers of its channel. */
  onMessage(callback: (message: Message<Loose>) => void): string {
    return this.#add("message", callback)
  }

  /** Calls back when the {@link Status} changes, and whenever another attempt is scheduled. */
  onStatus(callback: (status: Status, change: StatusChange) => void): string {
    return this.#add("status", callback)
  }

  /** Removes callbacks by their refs. */
  off(refs: readonly string[]): void {
    this.#handlers = keepHandlers(this.#handlers, ({ ref }) => !refs.includes(ref as string))
  }

  /** Calls the handlers of an event. Returns whether there was one. @internal */
  callHandlers(event: string, ...args: unknown[]): boolean {
    return callHandlers(this.#handlers, this, event, ...args)
  }

  /** @internal */
  removeHandlers(): void {
    this.#handlers = undefined
  }

  #add(event: string, callback: (...args: never[]) => void): string {
    const ref = this.makeRef()
    this.#handlers = addHandler(this.#handlers, event, ref, callback)
    return ref
  }
}
