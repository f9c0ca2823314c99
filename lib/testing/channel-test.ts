import {
  ConnectError,
  json,
  type AnyTopics,
  type Loose,
  type ServerEvent,
  type ServerEventsOf,
  type SpecOf,
  type TopicOf,
} from "rookery"
import type { Endpoint } from "rookery/server"
import { ErrorsSeen } from "./errors-seen.js"
import { ExpectationError, failHere } from "./expectation-error.js"
import { makeRequest, type InProcessOptions } from "./in-process.js"
import { Mailbox } from "./mailbox.js"
import { searchFor, type ChannelTestOptions, type ExpectOptions, type Named, type Settings } from "./options.js"
import type { Pattern } from "./pattern.js"
import { atEndOfTurn } from "./real-timers.js"
import { TestSocket } from "./test-socket.js"

/** The options of a test's client. */
export interface ConnectOptions extends InProcessOptions {
  /** Params of the socket. They arrive as in a query: as text. */
  params?: object
  authToken?: string
  /** Which of the endpoint's sockets, as `/socket`. @default the endpoint's own */
  path?: string
}

interface Subscription {
  readonly mailbox: Mailbox<Named>
  stop(): void
}

/**
 * Tests channels without a port: clients of an endpoint in the same process, whose payloads go through a real
 * serializer. It works with any test runner: a failed expectation throws an {@link ExpectationError}.
 *
 * ```ts
 * await using test = new ChannelTest(endpoint)
 * const ada = await test.connect({ params: { token: "a" } })
 * const room = await ada.join("room:lobby", { name: "Ada" })
 * await room.push("new_msg", { text: "hi" }).expectReply("ok", { id: String })
 * await room.expectBroadcast("new_msg", { text: "hi" })
 * ```
 */
export class ChannelTest<Server = AnyTopics, Client = Server> {
  readonly #endpoint: Endpoint<Loose, Loose>
  readonly #settings: Settings
  readonly #errors = new ErrorsSeen()
  readonly #sockets = new Set<TestSocket<Loose>>()
  readonly #subscriptions = new Map<string, Subscription>()
  readonly #listeners: (() => void)[]
  #connectError: unknown

  constructor(endpoint: Endpoint<Server, Loose>, options: ChannelTestOptions<Server, Client> = {}) {
    const { serializer = json(), timeout = 500, refuteTimeout = 100 } = options
    this.#endpoint = endpoint as Endpoint<Loose, Loose>
    this.#settings = { serializer, timeout, refuteTimeout, errors: this.#errors }
    this.#listeners = [
      this.#endpoint.on("error", (seen) => {
        if (seen.where === "connect") this.#connectError = seen.error
        else if (this.#clientOf(seen.socket) !== undefined) this.#errors.add(seen)
      }),
      this.#endpoint.on("channelEnded", ({ socket, topic, reason }) => {
        this.#clientOf(socket)?.terminated(topic, reason)
      }),
    ]
  }

  /**
   * Connects a client; any number of them may be connected at a time. Throws a `ConnectError` if the client is refused.
   */
  async connect(options: ConnectOptions = {}): Promise<TestSocket<Client>> {
    const { params = {}, authToken = null, path, headers, address } = options
    const { serializer } = this.#settings
    const client = new TestSocket<Client>({
      settings: this.#settings,
      subscribe: (topic) => this.#subscribe(topic).mailbox,
    })
    this.#connectError = undefined
    try {
      const connection = await this.#endpoint.connectInProcess({
        path,
        params: { ...params, vsn: serializer.vsn },
        authToken,
        request: makeRequest(path ?? "/", headers),
        address,
        frame: (frame) => client.frame(frame),
        closed: (code) => client.closed(code),
      })
      client.opened(connection)
    } catch (error) {
      if (!(error instanceof ConnectError)) throw error
      throw new ConnectError(error.message, error.status, this.#connectError)
    }
    this.#sockets.add(client)
    return client
  }

  /** Connects a client that must be refused, and returns the refusal: its `status` is the HTTP status. */
  async refuteConnect(options: ConnectOptions = {}): Promise<ConnectError> {
    const fail = failHere(this.refuteConnect)
    let client: TestSocket<Client>
    try {
      client = await this.connect(options)
    } catch (error) {
      if (error instanceof ConnectError) return error
      throw error
    }
    client.close()
    throw fail("refuteConnect: the client was let in")
  }

  /**
   * Records the broadcasts of a topic from now on. Broadcasts of topics that a client of the test joins are recorded
   * anyway. A socket's id works as a topic, too.
   */
  subscribe(topic: string): void {
    this.#subscribe(topic)
  }

  /** Waits for a broadcast on a topic, whoever receives it, and returns its payload. */
  async expectBroadcast<T extends TopicOf<Client>, E extends ServerEvent<SpecOf<Client, T>>>(
    topic: T,
    event: E,
    pattern?: Pattern<ServerEventsOf<SpecOf<Client, T>>[E]>,
    { timeout = this.#settings.timeout }: ExpectOptions = {},
  ): Promise<ServerEventsOf<SpecOf<Client, T>>[E]> {
    const mailbox = this.#heard(topic)
    const what = `expectBroadcast on ${topic}`
    const wanted = { what, name: event, pattern, timeoutMs: timeout, entry: this.expectBroadcast }
    return (await mailbox.take(searchFor(wanted, this.#errors))).payload as ServerEventsOf<SpecOf<Client, T>>[E]
  }

  /** Fails if there is a broadcast on a topic: any at all, of an event, or of an event with a payload that matches. */
  async refuteBroadcast<T extends TopicOf<Client>, E extends ServerEvent<SpecOf<Client, T>>>(
    topic: T,
    event?: E,
    pattern?: Pattern<ServerEventsOf<SpecOf<Client, T>>[E]>,
    { timeout = this.#settings.refuteTimeout }: ExpectOptions = {},
  ): Promise<void> {
    const mailbox = this.#heard(topic)
    const what = `refuteBroadcast on ${topic}`
    const wanted = { what, name: event, pattern, timeoutMs: timeout, entry: this.refuteBroadcast }
    await mailbox.refute(searchFor(wanted, this.#errors))
  }

  /**
   * Ends every client and every listener of the test; the endpoint stays as it is. Rejects with an
   * {@link ExpectationError} if the server threw an error that no expectation covered: as with a linked process in
   * Phoenix, an unexpected crash fails the test.
   */
  async close(): Promise<void> {
    for (const client of this.#sockets) client.finish()
    for (const { mailbox, stop } of this.#subscriptions.values()) {
      stop()
      mailbox.end("the test was closed")
    }
    this.#subscriptions.clear()
    // Lets the server send the consequences of leaving now, and not to the next test.
    await new Promise<void>(atEndOfTurn)
    for (const stop of this.#listeners.splice(0)) stop()
    const error = this.#errors.untold()
    if (error !== undefined) throw error
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #clientOf(socket: unknown): TestSocket<Loose> | undefined {
    for (const client of this.#sockets) if (client.server === socket) return client
    return undefined
  }

  #heard(topic: string): Mailbox<Named> {
    const known = this.#subscriptions.get(topic)
    if (known !== undefined) return known.mailbox
    throw new ExpectationError(`nobody listens to ${topic}: call subscribe("${topic}") before it happens`)
  }

  #subscribe(topic: string): Subscription {
    let known = this.#subscriptions.get(topic)
    if (known === undefined) {
      const mailbox = new Mailbox<Named>()
      const stop = this.#endpoint.subscribe(topic, (event, payload: unknown) => {
        mailbox.add({ name: event, payload: this.#received(topic, event, payload) })
      })
      this.#subscriptions.set(topic, (known = { mailbox, stop }))
    }
    return known
  }

  /** A payload as a client receives it. A payload that the serializer cannot encode fails at its sender. */
  #received(topic: string, event: string, payload: unknown): unknown {
    const { client, server } = this.#settings.serializer
    try {
      return client.decode(server.encode({ join_ref: null, ref: null, topic, event, payload })).payload
    } catch {
      return payload
    }
  }
}
