/** The number of tasks that run in one turn of the event loop, if each begins another. */
const MOST_AT_ONCE = 1000

/**
 * Runs tasks one after the other: a task that is begun while another runs waits for its end. So all who are told of two
 * things hear of them in the same order, even if one of them causes the second while it is told of the first.
 */
export class InOrder {
  readonly #later: (work: () => void) => void
  /** The task that runs and those that were begun meanwhile; `undefined` while none runs. */
  #tasks: (() => void)[] | undefined

  /** @param later calls back in a later turn of the event loop */
  constructor(later: (work: () => void) => void) {
    this.#later = later
  }

  /** Whether a task runs, or waits for a later turn. */
  get running(): boolean {
    return this.#tasks !== undefined
  }

  /** Runs a task now, or behind those that were begun before it. */
  run(task: () => void): void {
    if (this.#tasks !== undefined) {
      this.#tasks.push(task)
      return
    }
    this.#tasks = [task]
    this.#work(this.#tasks)
  }

  /** Runs a task now; tasks that begin meanwhile wait for its end. */
  hold(task: () => void): void {
    if (this.running) task()
    else this.run(task)
  }

  #work(tasks: (() => void)[]): void {
    let ended = 0
    try {
      while (ended < tasks.length && ended < MOST_AT_ONCE) tasks[ended++]?.()
    } finally {
      // Two listeners that answer each other go on for ever. Everything else must get its turn.
      tasks.splice(0, ended)
      if (tasks.length === 0) this.#tasks = undefined
      else this.#later(() => this.#work(tasks))
    }
  }
}
