/** A handler, its event, and what takes it off again. */
export interface Binding {
  readonly event: string
  readonly ref: unknown
  readonly handler: (...args: never[]) => void
  /** The handler that was added after it. */
  next?: Bindings
}

/**
 * Who listens to what: in a room by its events, on a socket by its life. A list is not changed but replaced, so that a
 * handler may add and remove handlers.
 *
 * Linked, and no table: a room has a handful of handlers, and among thousands of rooms every step on the way to one
 * waits for the memory.
 */
export type Bindings = Binding | undefined

/** The handlers for which `keep` holds, and the one that is added. */
export function rebind(list: Bindings, keep: (binding: Binding) => boolean, added?: Binding): Bindings {
  const head: Pick<Binding, "next"> = {}
  let tail = head
  for (let binding = list; binding; binding = binding.next) {
    if (keep(binding)) tail = tail.next = { ...binding }
  }
  tail.next = added
  return head.next
}

/** The handlers and another one. */
export const bind = (list: Bindings, event: string, ref: unknown, handler: Binding["handler"]): Bindings =>
  rebind(list, () => true, { event, ref, handler })

/**
 * Calls every handler of an event with these arguments; what one throws is reported while the others still run. Whether
 * there was one.
 */
export function callBindings(
  list: Bindings,
  host: { report(error: unknown): void },
  event: string,
  ...args: unknown[]
): boolean {
  let heard = false
  for (let binding = list; binding; binding = binding.next) {
    if (binding.event !== event) continue
    heard = true
    try {
      ;(binding.handler as (...args: unknown[]) => void)(...args)
    } catch (error) {
      host.report(error)
    }
  }
  return heard
}
