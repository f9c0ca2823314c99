import { PushError, type Loose, type Reply } from "rookery"
import { Mailbox } from "./mailbox.js"
import { searchFor, type ExpectOptions, type Named, type Settings, type Wanted } from "./options.js"
import { show, type Pattern } from "./pattern.js"

/** The response of a status: those of `ok` and `error` are the contract's. */
export type ResponseOf<Status, Ok, Refused> = Status extends "ok" ? Ok : Status extends "error" ? Refused : Loose

/** The error of an answer that is not `ok`, which says what was answered. */
export function refusal(push: string, { name, payload }: Named): PushError {
  const error = new PushError(push, name, payload)
  error.message += `; the response is ${show(payload)}`
  return error
}

/** Something that a test pushed, and what the server answers to it. */
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
   * Waits for a reply of this status and gives its response. A push may be answered more than once: replies that do not
   * fit stay for other expectations.
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

  /** Fails if a reply comes: any at all, or one of this status that matches. */
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

  /** Awaited, it is what it is to a client: the response of an `ok`, or a thrown `PushError`. */
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

  /** The name it goes by in failures. */
  toString(): string {
    return `push "${this.event}" to ${this.topic}`
  }

  /** The first answer, whatever it is. @internal */
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
