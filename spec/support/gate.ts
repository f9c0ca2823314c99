/** Holds a handler until the test opens the gate; the test sees when the handler has begun. */
export class Gate {
  /** Resolves once a handler waits. */
  readonly begun: Promise<void>
  readonly #opened: Promise<void>
  #begin: () => void = () => {}
  #open: () => void = () => {}

  constructor() {
    this.begun = new Promise((resolve) => (this.#begin = resolve))
    this.#opened = new Promise((resolve) => (this.#open = resolve))
  }

  wait(): Promise<void> {
    this.#begin()
    return this.#opened
  }

  open(): void {
    this.#open()
  }
}
