/** Finishes tasks in the order in which they were started, for each key, even if a later one takes less time. */
export class InOrder {
  /** The task of each key that was started last; removed once it has finished. */
  readonly #last = new Map<string, Promise<void>>()

  /** Resolves once all tasks that have been started by now are finished. */
  async through(key: string): Promise<void> {
    await this.#last.get(key)
  }

  /** Calls `finish` once this task and all before it have settled. A failed task does not block the ones after it. */
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
