import type { EventEmitter } from "node:events"

/** A listener of any event. */
export type Listener = (...args: unknown[]) => void

/** A guard around a listener. It has the listener as a property, as the wrappers of `once` do. */
type Wrapper = Listener & { listener?: Listener }

/** The other listeners of an event, which get the calls that are not taken. */
export interface ListenerGuard {
  /** Calls them, and returns whether there are any. */
  pass(...args: unknown[]): boolean
  /** Removes the first listener, and the guards around the others. */
  end(): void
}

/**
 * Adds a listener in front of all others of an event. The others are not called if the first argument is taken: an
 * emitter calls each of its listeners, so two of them would answer the same request.
 *
 * The others stay listeners of the emitter: `listeners()` returns them and `off()` finds them, because a guard has its
 * listener as the property `listener`, as the wrappers of `once` do. Listeners that are added later are guarded as
 * well.
 */
export function guardListeners(
  emitter: EventEmitter,
  event: string,
  isTaken: (subject: unknown) => boolean,
  first: Listener,
): ListenerGuard {
  const guarded = new WeakMap<Listener, Listener>()
  const others = (): Wrapper[] => (emitter.rawListeners(event) as Wrapper[]).filter((listener) => listener !== first)

  const guard = (original: Wrapper): Wrapper => {
    const isOnce = original.listener !== undefined
    const wrapper: Wrapper = (...args) => {
      if (isTaken(args[0])) return
      if (isOnce) emitter.off(event, wrapper)
      Reflect.apply(original, emitter, args)
    }
    wrapper.listener = original.listener ?? original
    guarded.set(wrapper, original)
    return wrapper
  }

  const replace = (listeners: readonly Listener[]): void => {
    for (const listener of emitter.rawListeners(event)) emitter.off(event, listener as Listener)
    for (const listener of listeners) emitter.on(event, listener)
  }

  let ended = false
  const arrange = (): void => {
    if (ended) return
    const listeners = others()
    const isArranged = emitter.rawListeners(event)[0] === first && listeners.every((listener) => guarded.has(listener))
    if (!isArranged) replace([first, ...listeners.map((other) => (guarded.has(other) ? other : guard(other)))])
  }
  // "newListener" is emitted before the listener is added.
  const added = (name: unknown): void => {
    if (name === event) queueMicrotask(arrange)
  }

  arrange()
  emitter.on("newListener", added)
  return {
    pass(...args) {
      const listeners = others()
      for (const listener of listeners) Reflect.apply(listener, emitter, args)
      return listeners.length > 0
    },
    end() {
      ended = true
      emitter.off("newListener", added)
      replace(others().map((listener) => guarded.get(listener) ?? listener))
    },
  }
}
