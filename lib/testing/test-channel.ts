import {
  Presence,
  type AnySpec,
  type ErrorOf,
  type JoinedOf,
  type Loose,
  type Message,
  type MetaOf,
  type OkOf,
  type MayOmit,
  type PayloadOf,
  type PresenceDiff,
  type PresenceEntry,
  type PresenceState,
  type Ref,
  type Reply,
  type SentEvent,
  type ServerEvent,
  type ServerEventsOf,
} from "rookery"
import type { TerminateReason } from "rookery/server"
import { failHere } from "./expectation-error.js"
import { Mailbox, Watched, type Search } from "./mailbox.js"
import { searchFor, type ExpectOptions, type Named, type Settings, type Wanted } from "./options.js"
import { mismatch, show, type Pattern } from "./pattern.js"
import type { TestPush } from "./test-push.js"

/** A push of the server that no expectation took. */
export interface Unread {
  readonly event: string
  readonly payload: unknown
}

/** A payload that may be left out where the contract asks for none. */
export type PayloadArgument<Payload> = MayOmit<Payload> extends true ? [payload?: Payload] : [payload: Payload]

/** The parts of a client that its rooms need. @internal */
export interface RoomHost {
  readonly settings: Settings
  broadcasts(topic: string): Mailbox<Named>
  push(room: TestChannel<Loose>, event: string, payload: unknown): TestPush
  /** The last error on the server in this room; the test knows it now. */
  takeError(topic: string): unknown
}

/** A room that a client of the test has joined. It is not joined again by itself: the test sees what the server sends. */
export class TestChannel<S = AnySpec> {
  readonly topic: string
  readonly #host: RoomHost
  readonly #joinRef: Ref
  readonly #pushes = new Mailbox<Named>()
  readonly #ends = new Mailbox<Named>()
  readonly #terminations = new Mailbox<Named>()
  readonly #presences = new Watched<PresenceState<MetaOf<S>>>({})
  #status: "joining" | "joined" | "ended" = "joining"
  /** Whether the server has it: it was let in, and did not terminate yet. */
  #live = false
  #response: unknown

  /** @internal */
  constructor(topic: string, joinRef: Ref, host: RoomHost) {
    this.topic = topic
    this.#joinRef = joinRef
    this.#host = host
  }

  /** The server's answer to the join. */
  get response(): JoinedOf<S> {
    return this.#response as JoinedOf<S>
  }

  /** Whether the client is in the room, as far as it was told. */
  get joined(): boolean {
    return this.#status === "joined"
  }

  /** The presences in the room, as this client knows them. */
  get presences(): PresenceState<MetaOf<S>> {
    return this.#presences.now
  }

  /** The messages of the server that no expectation took, the oldest first. */
  get unread(): Unread[] {
    return this.#pushes.items.map(({ name, payload }) => ({ event: name, payload }))
  }

  /** Sends an event. Await the push for its `ok`, or expect a reply of it. */
  push<E extends SentEvent<S>>(
    event: E,
    ...[payload]: PayloadArgument<PayloadOf<S, E>>
  ): TestPush<OkOf<S, E>, ErrorOf<S, E>> {
    return this.#host.push(this, event, payload ?? {})
  }

  /** Leaves, and waits for the answer and for the end. */
  async leave(): Promise<void> {
    const push = this.#host.push(this, "phx_leave", {})
    await push
    await this.#end("leave", "phx_close", {}, this.leave)
  }

  /** Forgets what no expectation took, and gives it. */
  flush(): Unread[] {
    return this.#pushes.clear().map(({ name, payload }) => ({ event: name, payload }))
  }

  /**
   * Waits for something that the server sends to this client, by a push or by a broadcast, and gives its payload.
   * Other messages that came before stay for other expectations.
   */
  async expectPush<E extends ServerEvent<S>>(
    event: E,
    pattern?: Pattern<ServerEventsOf<S>[E]>,
    options: ExpectOptions = {},
  ): Promise<ServerEventsOf<S>[E]> {
    const search = this.#search("expectPush", event, pattern, options, this.expectPush)
    return (await this.#pushes.take(search)).payload as ServerEventsOf<S>[E]
  }

  /** The same for the next thing that no expectation took: another one before it is a failure. */
  async expectNextPush<E extends ServerEvent<S>>(
    event: E,
    pattern?: Pattern<ServerEventsOf<S>[E]>,
    options: ExpectOptions = {},
  ): Promise<ServerEventsOf<S>[E]> {
    const search = this.#search("expectNextPush", event, pattern, options, this.expectNextPush)
    return (await this.#pushes.takeNext(search)).payload as ServerEventsOf<S>[E]
  }

  /** Fails if the server sends this to the client: anything at all, an event, or an event whose payload matches. */
  async refutePush<E extends ServerEvent<S>>(
    event?: E,
    pattern?: Pattern<ServerEventsOf<S>[E]>,
    options: ExpectOptions = {},
  ): Promise<void> {
    await this.#pushes.refute(this.#search("refutePush", event, pattern, options, this.refutePush))
  }

  /** Waits for a broadcast on the topic, whoever gets it, and gives its payload. */
  async expectBroadcast<E extends ServerEvent<S>>(
    event: E,
    pattern?: Pattern<ServerEventsOf<S>[E]>,
    options: ExpectOptions = {},
  ): Promise<ServerEventsOf<S>[E]> {
    const search = this.#search("expectBroadcast", event, pattern, options, this.expectBroadcast)
    return (await this.#host.broadcasts(this.topic).take(search)).payload as ServerEventsOf<S>[E]
  }

  /** Fails if there is a broadcast on the topic: any at all, of an event, or of an event with a payload that matches. */
  async refuteBroadcast<E extends ServerEvent<S>>(
    event?: E,
    pattern?: Pattern<ServerEventsOf<S>[E]>,
    options: ExpectOptions = {},
  ): Promise<void> {
    const search = this.#search("refuteBroadcast", event, pattern, options, this.refuteBroadcast)
    await this.#host.broadcasts(this.topic).refute(search)
  }

  /** Waits until somebody is in the room under a key, with a meta that matches. */
  async expectPresence(
    key: string,
    meta?: Pattern<MetaOf<S>>,
    options: ExpectOptions = {},
  ): Promise<PresenceEntry<MetaOf<S>>> {
    const is = (found: unknown): boolean => meta === undefined || mismatch(meta, found) === undefined
    const wanted = `expectPresence on ${this.topic}: ${key}${meta === undefined ? "" : ` ${show(meta)}`}`
    const fits = (state: PresenceState<MetaOf<S>>): boolean => state[key]?.metas.some(is) ?? false
    const state = await this.#presences.until(this.#stateSearch(wanted, fits, options, this.expectPresence))
    return state[key] as PresenceEntry<MetaOf<S>>
  }

  /** Waits until nobody is in the room under a key. */
  async expectAbsence(key: string, options: ExpectOptions = {}): Promise<void> {
    const wanted = `expectAbsence on ${this.topic}: ${key}`
    const fits = (state: PresenceState<MetaOf<S>>): boolean => state[key] === undefined
    await this.#presences.until(this.#stateSearch(wanted, fits, options, this.expectAbsence))
  }

  /** Waits for the server to close the channel (`phx_close`): stopped, kicked, or joined anew. */
  async expectClose(options: ExpectOptions = {}): Promise<void> {
    await this.#end("expectClose", "phx_close", options, this.expectClose)
  }

  /** Waits for the channel to crash (`phx_error`), and gives what was thrown on the server. */
  async expectCrash(options: ExpectOptions = {}): Promise<unknown> {
    await this.#end("expectCrash", "phx_error", options, this.expectCrash)
    return this.#host.takeError(this.topic)
  }

  /** Waits for the channel's end on the server, and gives the reason that `terminate` is told. */
  async expectTerminate(reason?: Pattern<TerminateReason>, options: ExpectOptions = {}): Promise<TerminateReason> {
    const search = this.#search("expectTerminate", undefined, reason, options, this.expectTerminate)
    const found = (await this.#terminations.take(search)).payload as TerminateReason
    if (found.kind === "crashed") this.#host.takeError(this.topic)
    return found
  }

  /** @internal */
  get joinRef(): Ref {
    return this.#joinRef
  }

  /** Whether the server knows it still. @internal */
  get live(): boolean {
    return this.#live
  }

  /** Whether nothing more comes to the client. @internal */
  get over(): boolean {
    return this.#status === "ended"
  }

  /** @internal */
  answered({ status, response }: Reply): void {
    if (status !== "ok") return this.ended("the join was refused")
    this.#status = "joined"
    this.#live = true
    this.#response = response
  }

  /** Takes what the server sent. @internal */
  receive({ event, payload }: Message): void {
    if (event === "phx_close" || event === "phx_error") {
      this.#ends.add({ name: event, payload })
      return this.ended(event === "phx_close" ? "the channel was closed" : "the channel crashed")
    }
    if (event === "presence_state") {
      this.#presences.now = Presence.syncState(this.#presences.now, payload as PresenceState<MetaOf<S>>)
    } else if (event === "presence_diff") {
      this.#presences.now = Presence.syncDiff(this.#presences.now, payload as PresenceDiff<MetaOf<S>>)
    }
    this.#pushes.add({ name: event, payload })
  }

  /** @internal */
  terminated(reason: TerminateReason): void {
    this.#live = false
    this.#terminations.add({ name: reason.kind, payload: reason })
  }

  /** Nothing more comes to the client. @internal */
  ended(why: string): void {
    this.#status = "ended"
    this.#pushes.end(why)
    this.#ends.end(why)
    this.#presences.end()
  }

  /** Nothing more comes of the server either. @internal */
  finish(why: string): void {
    this.ended(why)
    this.#terminations.end(why)
  }

  #end(what: string, event: string, { timeout }: ExpectOptions, entry: Wanted["entry"]): Promise<Named> {
    const { settings } = this.#host
    const wanted = { what: `${what} on ${this.topic}`, name: event, timeoutMs: timeout ?? settings.timeout, entry }
    return this.#ends.take(searchFor(wanted, settings.errors))
  }

  #search(
    what: string,
    name: string | undefined,
    pattern: unknown,
    options: ExpectOptions,
    entry: Wanted["entry"],
  ): Search<Named> {
    const { settings } = this.#host
    const usual = what.startsWith("refute") ? settings.refuteTimeout : settings.timeout
    const timeoutMs = options.timeout ?? usual
    return searchFor({ what: `${what} on ${this.topic}`, name, pattern, timeoutMs, entry }, settings.errors)
  }

  #stateSearch(
    wanted: string,
    fits: (state: PresenceState<MetaOf<S>>) => boolean,
    { timeout }: ExpectOptions,
    entry: Wanted["entry"],
  ): Search<PresenceState<MetaOf<S>>> {
    const { timeout: usual, errors } = this.#host.settings
    const fail = errors.tellIn(failHere(entry))
    const said = (state: PresenceState<MetaOf<S>>): string => `The room as this client knows it: ${show(state)}`
    return { wanted, timeoutMs: timeout ?? usual, fail, fits, show: said }
  }
}
