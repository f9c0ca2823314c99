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

/** A push of the server that no expectation has matched. */
export interface Unread {
  readonly event: string
  readonly payload: unknown
}

/** A payload, which is optional if the contract requires none. */
export type PayloadArgument<Payload> = MayOmit<Payload> extends true ? [payload?: Payload] : [payload: Payload]

/** The parts of a client that its rooms need. @internal */
export interface RoomHost {
  readonly settings: Settings
  broadcasts(topic: string): Mailbox<Named>
  push(room: TestChannel<Loose>, event: string, payload: unknown): TestPush
  /** The last error on the server in this room. It now counts as covered. */
  takeError(topic: string): unknown
}

/** A room that a client of the test has joined. It does not rejoin by itself: the test sees what the server sends. */
export class TestChannel<S = AnySpec> {
  readonly topic: string
  readonly #host: RoomHost
  readonly #joinRef: Ref
  readonly #pushes = new Mailbox<Named>()
  readonly #ends = new Mailbox<Named>()
  readonly #terminations = new Mailbox<Named>()
  readonly #presences = new Watched<PresenceState<MetaOf<S>>>({})
  #status: "joining" | "joined" | "ended" = "joining"
  /** Whether the channel exists on the server: it was let in, and has not terminated yet. */
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

  /** Whether the client is in the room, according to the server's messages. */
  get joined(): boolean {
    return this.#status === "joined"
  }

  /** The presences in the room, as this client knows them. */
  get presences(): PresenceState<MetaOf<S>> {
    return this.#presences.now
  }

  /** The messages of the server that no expectation has matched, the oldest first. */
  get unread(): Unread[] {
    return this.#pushes.items.map(({ name, payload }) => ({ event: name, payload }))
  }

  /** Sends an event. Await the push for its `ok` response, or expect a reply. */
  push<E extends SentEvent<S>>(
    event: E,
    ...[payload]: PayloadArgument<PayloadOf<S, E>>
  ): TestPush<OkOf<S, E>, ErrorOf<S, E>> {
    return this.#host.push(this, event, payload ?? {})
  }

  /** Leaves, and waits for the answer and for `phx_close`. */
  async leave(): Promise<void> {
    const push = this.#host.push(this, "phx_leave", {})
    await push
    await this.#end("leave", "phx_close", {}, this.leave)
  }

  /** Removes and returns the unmatched messages. */
  flush(): Unread[] {
    return this.#pushes.clear().map(({ name, payload }) => ({ event: name, payload }))
  }

  /**
   * Waits for a push or a broadcast that the server sends to this client, and returns its payload. Earlier messages
   * stay for other expectations.
   */
  async expectPush<E extends ServerEvent<S>>(
    event: E,
    pattern?: Pattern<ServerEventsOf<S>[E]>,
    options: ExpectOptions = {},
  ): Promise<ServerEventsOf<S>[E]> {
    const search = this.#search("expectPush", event, pattern, options, this.expectPush)
    return (await this.#pushes.take(search)).payload as ServerEventsOf<S>[E]
  }

  /** The same for the next unmatched message: if another one comes first, the expectation fails. */
  async expectNextPush<E extends ServerEvent<S>>(
    event: E,
    pattern?: Pattern<ServerEventsOf<S>[E]>,
    options: ExpectOptions = {},
  ): Promise<ServerEventsOf<S>[E]> {
    const search = this.#search("expectNextPush", event, pattern, options, this.expectNextPush)
    return (await this.#pushes.takeNext(search)).payload as ServerEventsOf<S>[E]
  }

  /** Fails if the server sends this to the client: any message, an event, or an event whose payload matches. */
  async refutePush<E extends ServerEvent<S>>(
    event?: E,
    pattern?: Pattern<ServerEventsOf<S>[E]>,
    options: ExpectOptions = {},
  ): Promise<void> {
    await this.#pushes.refute(this.#search("refutePush", event, pattern, options, this.refutePush))
  }

  /** Waits for a broadcast on the topic, whoever receives it, and returns its payload. */
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

  /** Waits until a key is present in the room, with a meta that matches. */
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

  /** Waits until a key is no longer present in the room. */
  async expectAbsence(key: string, options: ExpectOptions = {}): Promise<void> {
    const wanted = `expectAbsence on ${this.topic}: ${key}`
    const fits = (state: PresenceState<MetaOf<S>>): boolean => state[key] === undefined
    await this.#presences.until(this.#stateSearch(wanted, fits, options, this.expectAbsence))
  }

  /** Waits for the server to close the channel (`phx_close`), because it was stopped, kicked, or joined again. */
  async expectClose(options: ExpectOptions = {}): Promise<void> {
    await this.#end("expectClose", "phx_close", options, this.expectClose)
  }

  /** Waits for the channel to crash (`phx_error`), and returns the error thrown on the server. */
  async expectCrash(options: ExpectOptions = {}): Promise<unknown> {
    await this.#end("expectCrash", "phx_error", options, this.expectCrash)
    return this.#host.takeError(this.topic)
  }

  /** Waits for the channel's end on the server, and returns the reason that `terminate` received. */
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

  /** Whether the channel still exists on the server. @internal */
  get live(): boolean {
    return this.#live
  }

  /** Whether the client gets no more messages. @internal */
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

  /** Handles a message from the server. @internal */
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

  /** The client gets no more messages. @internal */
  ended(why: string): void {
    this.#status = "ended"
    this.#pushes.end(why)
    this.#ends.end(why)
    this.#presences.end()
  }

  /** The channel has ended on the server, too. @internal */
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
