import type { Ref } from "../protocol/message.js"

/** A handler of an event, with the refs that phoenix.js hands over too. */
export type Handler<Payload> = (payload: Payload, ref: Ref, joinRef: Ref) => void

interface Binding {
  readonly ref: number
  readonly handler: Handler<never>
}

/** Who listens to what in a room. A list is replaced when it changes, so that a handler may add and remove handlers. */
export class Bindings {
  readonly #byEvent = new Map<string, readonly Binding[]>()
  #lastRef = 0

  add(event: string, handler: Handler<never>): number {
    const ref = ++this.#lastRef
    this.#byEvent.set(event, [...(this.#byEvent.get(event) ?? []), { ref, handler }])
    return ref
  }

  /** Removes one handler, or all of the event. */
  remove(event: string, ref?: number): void {
    const rest = ref === undefined ? [] : (this.#byEvent.get(event)?.filter((binding) => binding.ref !== ref) ?? [])
    if (rest.length === 0) this.#byEvent.delete(event)
    else this.#byEvent.set(event, rest)
  }

  /** Calls every handler of an event; what one throws is reported, and the others still run. */
  call(event: string, payload: unknown, ref: Ref, joinRef: Ref, host: { report(error: unknown): void }): void {
    const bindings = this.#byEvent.get(event)
    if (bindings === undefined) return
    for (const { handler } of bindings) {
      try {
        handler(payload as never, ref, joinRef)
      } catch (error) {
        host.report(error)
      }
    }
  }
}
