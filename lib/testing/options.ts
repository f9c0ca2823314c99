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
  /**
   * The serializer of the clients, which must be one of the endpoint's. Payloads go through it in both directions.
   * @default json()
   */
  serializer?: Serializer
  /** How long to wait for an expected message, in milliseconds. @default 500 */
  timeout?: number
  /** How long to wait before a message counts as absent, in milliseconds. @default 100 */
  refuteTimeout?: number
  /** The contract, if its schemas make the server's types differ from the client's. */
  topics?: TopicContract<Server, Client>
}

/** The state shared by all parts of a test. */
export interface Settings {
  readonly serializer: Serializer
  readonly timeout: number
  readonly refuteTimeout: number
  readonly errors: ErrorsSeen
}

/** A named item: a push has the name of its event, a reply that of its status. */
export interface Named {
  readonly name: string
  readonly payload: unknown
}

/** The arguments of an expectation. */
export interface Wanted {
  /** The expectation in messages, such as `expectPush on room:lobby`. */
  readonly what: string
  /** The expected name; any if omitted. */
  readonly name?: string | undefined
  readonly pattern?: unknown
  readonly timeoutMs: number
  /** The function that the test called, which the failure removes from its stack. */
  readonly entry: (...args: never[]) => unknown
}

/** A search by name and payload. */
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
