import mitt, { type Emitter } from "mitt"

/**
 * The life-cycle callbacks of a socket or a connection, over mitt. Each gets a ref that takes it off again, and what one
 * throws does not keep the others from running.
 */
export class Callbacks<Events extends Record<string, unknown[]>> {
  readonly #emitter: Emitter<Events> = mitt<Events>()
  readonly #removers = new Map<string, () => void>()
  readonly #failed: (error: unknown) => void

  constructor(failed: (error: unknown) => void) {
    this.#failed = failed
  }

  add<E extends keyof Events>(event: E, ref: string, callback: (...args: Events[E]) => void): string {
    const guarded = (args: Events[E]): void => {
      try {
        callback(...args)
      } catch (error) {
        this.#failed(error)
      }
    }
    this.#emitter.on(event, guarded)
    this.#removers.set(ref, () => this.#emitter.off(event, guarded))
    return ref
  }

  remove(ref: string): void {
    this.#removers.get(ref)?.()
    this.#removers.delete(ref)
  }

  /** Whether anybody would be told, for what is not worth making otherwise. */
  has(event: keyof Events): boolean {
    return !!this.#emitter.all.get(event)?.length
  }

  call<E extends keyof Events>(event: E, ...args: Events[E]): void {
    this.#emitter.emit(event, args)
  }

  clear(): void {
    this.#emitter.all.clear()
  }
}
