/**
 * Runs tasks one after the other: a task that is begun while another runs waits for its end. So all who are told of two
 * things hear of them in the same order, even if one of them causes the second while it is told of the first.
 */
export class InOrder {
  /** The tasks that were begun while one runs; `undefined` while none does. */
  #next: (() => void)[] | undefined

  /** Whether a task runs. */
  get running(): boolean {
    return this.#next !== undefined
  }

  /** Runs a task now, or behind those that were begun before it. A task must not throw. */
  run(task: () => void): void {
    if (this.#next !== undefined) {
      this.#next.push(task)
      return
    }
    const next: (() => void)[] = (this.#next = [])
    try {
      task()
      // Tasks that these begin are appended, and run as well.
      for (const waiting of next) waiting()
    } finally {
      this.#next = undefined
    }
  }

  /** Runs a task now; tasks that begin meanwhile wait for its end. */
  hold(task: () => void): void {
    if (this.running) task()
    else this.run(task)
  }
}
