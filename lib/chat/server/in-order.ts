/** Ends what was begun in the order in which it was begun, for each key, however long each of it takes. */
export class InOrder {
  /** The last that was begun; gone once it has ended. */
  readonly #last = new Map<string, Promise<void>>()

  /** Resolves once everything that was begun by now is through. */
  async through(key: string): Promise<void> {
    await this.#last.get(key)
  }

  /** Ends with `finish`, once this and everything before it is through. What failed keeps nobody waiting. */
  finish<T, R>(key: string, begun: Promise<T>, finish: (result: T) => R): Promise<R> {
    const before = this.#last.get(key)
    const finished = Promise.allSettled([begun, before]).then(async () => finish(await begun))
    const over = (): void => {
      if (this.#last.get(key) === settled) this.#last.delete(key)
    }
    const settled: Promise<void> = finished.then(over, over)
    this.#last.set(key, settled)
    return finished
  }
}
