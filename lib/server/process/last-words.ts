import { callUserCode } from "../support/call-user-code.js"

/**
 * The code of the application that may still broadcast once its channel has ended: `terminate`, and a handler that is
 * awaited when its client is cut off.
 */
export class LastWords {
  #terminate: "none" | "called" | "awaited" = "none"
  #handlerIsAwaited: boolean

  constructor(handlerIsAwaited: boolean) {
    this.#handlerIsAwaited = handlerIsAwaited
  }

  /** Whether `terminate` runs, which gets the errors of its broadcasts. */
  get terminating(): boolean {
    return this.#terminate === "called"
  }

  /** The code that is awaited and may broadcast, by its name in reports; `undefined` if there is none. */
  get awaited(): "terminate" | "channel" | undefined {
    if (this.#terminate === "awaited") return "terminate"
    return this.#handlerIsAwaited ? "channel" : undefined
  }

  /** Calls `terminate`. */
  terminate(call: () => unknown, report: (error: unknown) => void): void {
    const done = (): void => {
      this.#terminate = "none"
    }
    const failed = (error: unknown): void => {
      done()
      report(error)
    }
    this.#terminate = "called"
    callUserCode(call, { done, failed, broken: failed })
    if (this.#terminate === "called") this.#terminate = "awaited"
  }

  handlerEnded(): void {
    this.#handlerIsAwaited = false
  }
}
