import type { Serializer, TopicContract } from "rookery/server"
import { failHere } from "./expectation-error.js"
import type { Search } from "./mailbox.js"
import { mismatch, show } from "./pattern.js"
import type { ErrorsSeen } from "./errors-seen.js"

/** Options of one expectation. */
export interface ExpectOptions {
  /** How long to wait, in milliseconds. @default the test's `timeout`, or its `refuteTimeout` */
  timeout?: number
}

/** Options of a `ChannelTest`. */
export interface ChannelTestOptions<Server = unknown, Client = Server> {
  /** The serializer of the clients; one of the endpoint's. Payloads really go through it, both ways. @default json() */
  serializer?: Serializer
  /** How long to wait for what is expected, in milliseconds. @default 500 */
  timeout?: number
  /** How long to wait before it is taken for granted that something does not come, in milliseconds. @default 100 */
  refuteTimeout?: number
  /** The contract, where its schemas make the server's types others than the client's. */
  topics?: TopicContract<Server, Client>
}

/** The state that all parts of a test share. */
export interface Settings {
  readonly serializer: Serializer
  readonly timeout: number
  readonly refuteTimeout: number
  readonly errors: ErrorsSeen
}

/** Something that came under a name: a push by its event, a reply by its status. */
export interface Named {
  readonly name: string
  readonly payload: unknown
}

/** The arguments of an expectation. */
export interface Wanted {
  /** `expectPush on room:lobby`. */
  readonly what: string
  /** The name that is waited for; any if there is none. */
  readonly name?: string | undefined
  readonly pattern?: unknown
  readonly timeoutMs: number
  /** The function that the test called, which the failure leaves out of its stack. */
  readonly entry: (...args: never[]) => unknown
}

/** A search for something by its name and its payload. */
export function searchFor({ what, name, pattern, timeoutMs, entry }: Wanted, errors: ErrorsSeen): Search<Named> {
  const problem = ({ payload }: Named): string | undefined =>
    pattern === undefined ? undefined : mismatch(pattern, payload)
  const parts = [name, pattern === undefined ? undefined : show(pattern)].filter((part) => part !== undefined)
  return {
    wanted: `${what}${parts.length === 0 ? "" : `: ${parts.join(" ")}`}`,
    timeoutMs,
    fail: errors.tellIn(failHere(entry)),
    fits: (item) => (name === undefined || item.name === name) && problem(item) === undefined,
    show: (item) => {
      const shown = `${item.name} ${show(item.payload)}`
      const wrong = name === undefined || item.name === name ? problem(item) : undefined
      return wrong === undefined ? shown : `${shown}\n     ${wrong}`
    },
  }
}
