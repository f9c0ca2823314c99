import { randomBytes } from "node:crypto"

/** Ids that rise with time, as text: the time, a number within it, and chance so that two servers do not meet. */
export class MessageIds {
  readonly #now: () => number
  #last = 0
  #within = 0

  constructor(now: () => number) {
    this.#now = now
  }

  next(): string {
    const now = this.#now()
    // A clock that is set back must not bring ids that are lower than those before.
    if (now > this.#last) {
      this.#last = now
      this.#within = 0
    } else {
      this.#within++
    }
    const number = this.#within.toString(36).padStart(4, "0")
    return `${this.#last.toString(36).padStart(9, "0")}${number}${randomBytes(4).toString("hex")}`
  }
}
