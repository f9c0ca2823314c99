/** Tells listeners that something has changed, but not what. */
export class Signal {
  readonly #listeners = new Set<() => void>()

  /** Calls back at every change until the returned function is called. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  tell(): void {
    for (const listener of [...this.#listeners]) listener()
  }
}

/** Runs once, soon, however often it is called. */
export function soon(run: () => void): () => void {
  let asked = false
  return () => {
    if (asked) return
    asked = true
    // Not at the next frame: a hidden page has none, and its title still has to change.
    queueMicrotask(() => {
      asked = false
      run()
    })
  }
}
