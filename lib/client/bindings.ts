/** A handler and what takes it off again. */
interface Binding {
  readonly ref: unknown
  readonly handler: (...args: never[]) => void
}

/**
 * Who listens to what: in a room by its events, on a socket by its life. A list is replaced when it changes, so that a
 * handler may add and remove handlers, and what one throws is reported while the others still run.
 */
export class Bindings {
  readonly #byEvent = new Map<string, readonly Binding[]>()

  add(event: string, ref: unknown, handler: (...args: never[]) => void): void {
    this.#byEvent.set(event, [...(this.#byEvent.get(event) ?? []), { ref, handler }])
  }

  /** Removes one handler, or all of the event. */
  remove(event: string, ref?: unknown): void {
    const rest = ref === undefined ? [] : this.#byEvent.get(event)?.filter((binding) => binding.ref !== ref)
    if (rest?.length) this.#byEvent.set(event, rest)
    else this.#byEvent.delete(event)
  }

  /** Removes the handlers with these refs, whatever their events. */
  removeAll(refs: readonly unknown[]): void {
    for (const event of this.#byEvent.keys()) for (const ref of refs) this.remove(event, ref)
  }

  has(event: string): boolean {
    return this.#byEvent.has(event)
  }

  /** Calls every handler of an event with these arguments. */
  call(host: { report(error: unknown): void }, event: string, ...args: unknown[]): void {
    for (const { handler } of this.#byEvent.get(event) ?? []) {
      try {
        ;(handler as (...args: unknown[]) => void)(...args)
      } catch (error) {
        host.report(error)
      }
    }
  }
}
