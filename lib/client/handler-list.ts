/** A handler of an event. */
export interface HandlerEntry {
  readonly event: string
  /** Identifies the handler for `off()`. */
  readonly ref: unknown
  readonly handler: (...args: never[]) => void
  /** The handler that was added after it. */
  next?: HandlerList
}

/**
 * The handlers of a channel, a socket, a connection or a push. A list is never changed but replaced, so that a handler
 * may add and remove handlers while the list is being called.
 *
 * A linked list and not a map by event: a channel has a handful of handlers, and among ten thousand channels each
 * object on the way to a handler is a cache miss.
 */
export type HandlerList = HandlerEntry | undefined

/** Reports the error that a handler throws. */
export interface ErrorReporter {
  report(error: unknown): void
}

/** A list with only the handlers that `keep` accepts, and with the given entry at its end. */
export function keepHandlers(
  list: HandlerList,
  keep: (entry: HandlerEntry) => boolean,
  last?: HandlerEntry,
): HandlerList {
  const head: Pick<HandlerEntry, "next"> = {}
  let tail = head
  for (let entry = list; entry; entry = entry.next) {
    if (keep(entry)) tail = tail.next = { ...entry }
  }
  tail.next = last
  return head.next
}

/** A list with one more handler. */
export const addHandler = (
  list: HandlerList,
  event: string,
  ref: unknown,
  handler: HandlerEntry["handler"],
): HandlerList => keepHandlers(list, () => true, { event, ref, handler })

/**
 * Calls every handler of an event with these arguments. An error that a handler throws is reported, and the others still
 * run. Returns whether there was a handler.
 */
export function callHandlers(list: HandlerList, reporter: ErrorReporter, event: string, ...args: unknown[]): boolean {
  let called = false
  for (let entry = list; entry; entry = entry.next) {
    if (entry.event !== event) continue
    called = true
    try {
      ;(entry.handler as (...args: unknown[]) => void)(...args)
    } catch (error) {
      reporter.report(error)
    }
  }
  return called
}
