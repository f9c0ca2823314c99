import { PushError, type Loose, type Reply } from "rookery"
import { Mailbox } from "./mailbox.js"
import { searchFor, type ExpectOptions, type Named, type Settings, type Wanted } from "./options.js"
import { show, type Pattern } from "./pattern.js"

/** The response of a status: those of `ok` and `error` are the contract's. */
export type ResponseOf<Status, Ok, Refused> = Status extends "ok" ? Ok : Status extends "error" ? Refused : Loose

/** The error for a reply other than `ok`, with its status and response. */
export function refusal(push: string, { name, payload }: Named): PushError {
  const error = new PushError(push, name, payload)
  error.message += `; the response is ${show(payload)}`
  return error
}

/** A push of a test, and the server's replies. */
export class TestPush<Ok = Loose, Refused = Loose> implements PromiseLike<Ok> {
  readonly topic: string
  readonly event: string
  readonly payload: unknown
  readonly #settings: Settings
  readonly #replies = new Mailbox<Named>()

  /** @internal */
  constructor(topic: string, event: string, payload: unknown, settings: Settings) {
    this.topic = topic
    this.event = event
    this.payload = payload
    this.#settings = settings
  }

  /**
   * Waits for a reply with this status and returns its response. A push may get several replies: those that do not
   * match stay for other expectations.
   */
  async expectReply<Status extends string>(
    status: Status,
    pattern?: Pattern<ResponseOf<Status, Ok, Refused>>,
    options: ExpectOptions = {},
  ): Promise<ResponseOf<Status, Ok, Refused>> {
    const { timeout = this.#settings.timeout } = options
    const what = `expectReply to ${this}`
    const reply = await this.#take({ what, name: status, pattern, timeoutMs: timeout, entry: this.expectReply })
    return reply.payload as ResponseOf<Status, Ok, Refused>
  }

  /** Fails if a reply arrives: any reply, or one with this status that matches. */
  async refuteReply<Status extends string>(
    status?: Status,
    pattern?: Pattern<ResponseOf<Status, Ok, Refused>>,
    options: ExpectOptions = {},
  ): Promise<void> {
    const { timeout = this.#settings.refuteTimeout } = options
    const what = `refuteReply to ${this}`
    const wanted: Wanted = { what, name: status, pattern, timeoutMs: timeout, entry: this.refuteReply }
    await this.#replies.refute(searchFor(wanted, this.#settings.errors))
  }

  /** Awaiting it works as for a client: it returns the response of an `ok`, or throws a `PushError`. */
  then<A = Ok, B = never>(
    onOk?: ((response: Ok) => A | PromiseLike<A>) | null,
    onError?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.answered(this.then)
      .then((reply) => {
        if (reply.name === "ok") return reply.payload as Ok
        throw refusal(`${this}`, reply)
      })
      .then(onOk, onError)
  }

  /** Its name in failures. */
  toString(): string {
    return `push "${this.event}" to ${this.topic}`
  }

  /** The first reply of any status. @internal */
  answered(entry: Wanted["entry"]): Promise<Named> {
    return this.#take({ what: `the answer to ${this}`, timeoutMs: this.#settings.timeout, entry })
  }

  /** @internal */
  answer({ status, response }: Reply): void {
    this.#replies.add({ name: status, payload: response })
  }

  /** @internal */
  end(why: string): void {
    this.#replies.end(why)
  }

  #take(wanted: Wanted): Promise<Named> {
    return this.#replies.take(searchFor(wanted, this.#settings.errors))
  }
}
