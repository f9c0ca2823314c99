import type { AnyTopics, Loose, ReceivedEvent, ReceivesOf } from "../protocol/contract.js"
import { PHX_CLOSE, PHX_ERROR, PHX_RECOVERED } from "../protocol/events.js"
import type { Handler, ListenOptions, MessagesOptions, Recovery } from "./channel-options.js"
import { addHandler, callHandlers, keepHandlers, type ErrorReporter, type HandlerList } from "./handler-list.js"
import { messageStream, type MessageSource } from "./message-stream.js"
import { onAbort } from "./on-abort.js"

/** The handlers of a channel. */
export abstract class ChannelEvents<S = AnyTopics[string]> {
  /** Errors that handlers throw are reported to the socket. */
  abstract readonly socket: object
  #handlers: HandlerList
  #lastHandlerRef = 0

  /** Listens to an event. The number is for {@link Channel.off}. */
  on<E extends ReceivedEvent<S>>(event: E, handler: Handler<ReceivesOf<S>[E]>): number {
    const ref = ++this.#lastHandlerRef
    this.#handlers = addHandler(this.#handlers, event, ref, handler)
    return ref
  }

  /** Removes handlers added by {@link Channel.on}: one handler, or all of an event. */
  off(event: ReceivedEvent<S>, ref?: number): void {
    this.#handlers = keepHandlers(
      this.#handlers,
      (entry) => entry.event !== event || (ref !== undefined && entry.ref !== ref),
    )
  }

  /** Listens to an event until the returned function is called. */
  listen<E extends ReceivedEvent<S>>(
    event: E,
    handler: Handler<ReceivesOf<S>[E]>,
    { signal, once }: ListenOptions = {},
  ): () => void {
    const stop = (): void => {
      this.off(event, ref)
      unfollow()
    }
    const ref = this.on(event, (...message) => {
      if (once) stop()
      handler(...message)
    })
    const unfollow = onAbort(signal, () => this.off(event, ref))
    return stop
  }

  /**
   * The messages of an event, for `for await`. The loop continues through a lost connection and a rejoin. It ends when
   * the channel is left or closed, when the signal is aborted, or with a `BufferFullError` if it reads too slowly.
   */
  messages<E extends ReceivedEvent<S>>(
    event: E,
    { signal, limit = 1000 }: MessagesOptions = {},
  ): AsyncIterableIterator<ReceivesOf<S>[E]> {
    return messageStream<ReceivesOf<S>[E]>(this as unknown as MessageSource<ReceivesOf<S>[E]>, event, limit, signal)
  }

  /** Calls back when the channel is left, or closed by the server. It does not rejoin by itself. */
  onClose(handler: Handler<Loose>): number {
    return this.on(PHX_CLOSE, handler)
  }

  /** Calls back when the channel crashed or the connection was lost. The channel rejoins by itself. */
  onError(handler: (reason: Loose) => void): number {
    return this.on(PHX_ERROR, (reason) => handler(reason))
  }

  /** Calls back after a rejoin of a channel that recovers, and says whether all missed messages came. */
  onRecovered(handler: (recovery: Recovery) => void): number {
    return this.on(PHX_RECOVERED, handler)
  }

  /** @internal */
  callHandlers(event: string, ...args: unknown[]): void {
    callHandlers(this.#handlers, this.socket as ErrorReporter, event, ...args)
  }
}
