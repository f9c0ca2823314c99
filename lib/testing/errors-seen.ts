import type { ServerSocket } from "rookery/server"
import { ExpectationError, type Fail } from "./expectation-error.js"
import { show } from "./pattern.js"

/** An error thrown on the server. */
export interface ServerError {
  readonly error: unknown
  /** The code that ran: `channel` for a handler, `join`, `terminate`, … */
  readonly where: string
  readonly topic: string | undefined
  readonly socket: ServerSocket | undefined
}

function inWords({ error, where, topic }: ServerError): string {
  const what = error instanceof Error ? `${error.name}: ${error.message}` : show(error)
  return `\n  ${where}${topic === undefined ? "" : ` of ${topic}`}: ${what}`
}

/** The errors thrown on the server for the clients of a test, until the test learns of them. */
export class ErrorsSeen {
  #errors: ServerError[] = []

  add(error: ServerError): void {
    this.#errors.push(error)
  }

  /** The last error for a client on a topic. The test now knows of all errors there. */
  take(socket: ServerSocket | undefined, topic: string | undefined): unknown {
    const taken = this.#errors.filter((error) => error.socket === socket && error.topic === topic)
    this.#errors = this.#errors.filter((error) => !taken.includes(error))
    return taken.at(-1)?.error
  }

  /** A failure lists the errors thrown in the meantime: they are the likeliest reason. */
  tellIn(fail: Fail): Fail {
    return (message) => {
      const errors = this.#clear()
      if (errors.length === 0) return fail(message)
      return fail(`${message}\nThe server threw meanwhile:${errors.map(inWords).join("")}`, errors[0]?.error)
    }
  }

  /** The errors that no expectation covered, as one error. */
  untold(): ExpectationError | undefined {
    const errors = this.#clear()
    if (errors.length === 0) return undefined
    const lines = errors.map(inWords).join("")
    return new ExpectationError(`the server threw errors that the test did not expect:${lines}`, errors[0]?.error)
  }

  #clear(): ServerError[] {
    const errors = this.#errors
    this.#errors = []
    return errors
  }
}
