import { dateOf, type Clock } from "../../protocol/clock.js"
import { CREDENTIALS_EXPIRED } from "../../protocol/close-codes.js"
import { Deadlines } from "../support/deadlines.js"

/** A client whose connection ends when its credentials expire. */
export interface Expiring {
  close(code: number): void
}

/** Ends connections whose credentials have expired, at most a second late. */
export class Expiries {
  readonly #clock: Clock
  /** When the credentials of each client expire, in milliseconds since 1970. Clients whose credentials do not are missing. */
  readonly #times = new Map<Expiring, number>()
  readonly #deadlines: Deadlines<Expiring>

  constructor(clock: Clock) {
    this.#clock = clock
    this.#deadlines = new Deadlines(clock, (client, now) => this.#due(client, now))
  }

  /** Sets when the credentials of a client expire, in place of the time that they had. */
  set(client: Expiring, expiresAt: number): void {
    this.#times.set(client, expiresAt)
    this.#deadlines.set(client, this.#clock.now() + expiresAt - dateOf(this.#clock))
  }

  /** Milliseconds until the credentials of a client expire; `Infinity` if they do not. */
  left(client: Expiring): number {
    return (this.#times.get(client) ?? Infinity) - dateOf(this.#clock)
  }

  delete(client: Expiring): void {
    this.#times.delete(client)
    this.#deadlines.delete(client)
  }

  /** The date may be behind the clock, if the date was set back while the time went by. */
  #due(client: Expiring, now: number): number | undefined {
    const left = this.left(client)
    if (left > 0) return now + left
    this.delete(client)
    client.close(CREDENTIALS_EXPIRED)
    return undefined
  }
}
