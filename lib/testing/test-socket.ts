import type { AnyTopics, Loose, Message, ParamsOf, Ref, RefusedOf, Reply, SpecOf, TopicOf } from "rookery"
import type { Frame, InProcessConnection, ServerSocket, TerminateReason } from "rookery/server"
import { failHere } from "./expectation-error.js"
import { Mailbox } from "./mailbox.js"
import { searchFor, type ExpectOptions, type Named, type Settings } from "./options.js"
import { mismatch, show, type Pattern } from "./pattern.js"
import { TestChannel, type PayloadArgument, type RoomHost } from "./test-channel.js"
import { refusal, TestPush } from "./test-push.js"

/** The parts of a test that its clients need. @internal */
export interface SocketHost {
  readonly settings: Settings
  subscribe(topic: string): Mailbox<Named>
}

/** A client of the test: a connection to the endpoint, with rooms on it. */
export class TestSocket<Topics = AnyTopics> {
  readonly #host: SocketHost
  readonly #rooms = new Set<TestChannel<Loose>>()
  readonly #pushes = new Map<Ref, { push: TestPush<Loose, Loose>; room: TestChannel<Loose> }>()
  readonly #closes = new Mailbox<Named>()
  #connection: InProcessConnection | undefined
  #closed: number | undefined
  #ref = 0

  /** @internal */
  constructor(host: SocketHost) {
    this.#host = host
  }

  /** The server's end, with the `id` and `assigns` that `connect` returned. */
  get server(): ServerSocket {
    return (this.#connection as InProcessConnection).socket
  }

  /** Whether the connection is open. */
  get connected(): boolean {
    return this.#closed === undefined
  }

  /**
   * Joins a topic. Throws a `PushError` if the join is refused. The test records the topic's broadcasts from now on.
   */
  async join<Topic extends TopicOf<Topics>>(
    topic: Topic,
    ...[params]: PayloadArgument<ParamsOf<SpecOf<Topics, Topic>>>
  ): Promise<TestChannel<SpecOf<Topics, Topic>>> {
    const { room, push } = this.#join<SpecOf<Topics, Topic>>(topic, params)
    const answer = await push.answered(this.join)
    if (answer.name === "ok") return room
    const error = refusal(`join of ${topic}`, answer)
    error.cause = this.#takeError(topic)
    throw error
  }

  /** Joins a topic that must be refused, and returns the response of the refusal. */
  async refuteJoin<Topic extends TopicOf<Topics>>(
    topic: Topic,
    params?: ParamsOf<SpecOf<Topics, Topic>>,
    pattern?: Pattern<RefusedOf<SpecOf<Topics, Topic>>>,
  ): Promise<RefusedOf<SpecOf<Topics, Topic>>> {
    const fail = failHere(this.refuteJoin)
    const { push } = this.#join<SpecOf<Topics, Topic>>(topic, params)
    const { name, payload } = await push.answered(this.refuteJoin)
    if (name === "ok") throw fail(`refuteJoin of ${topic}: it was let in.\n  ok ${show(payload)}`)
    const wrong = pattern === undefined ? undefined : mismatch(pattern, payload)
    if (wrong !== undefined) throw fail(`refuteJoin of ${topic}: it was refused with ${show(payload)}\n  ${wrong}`)
    this.#takeError(topic)
    return payload as RefusedOf<SpecOf<Topics, Topic>>
  }

  /** Waits for the server to close the connection, and returns the close code: 1001 after `endpoint.disconnect(id)`. */
  async expectDisconnect(code?: number, options: ExpectOptions = {}): Promise<number> {
    const { timeout, errors } = this.#host.settings
    const timeoutMs = options.timeout ?? timeout
    const name = code === undefined ? undefined : String(code)
    const wanted = { what: "expectDisconnect", name, timeoutMs, entry: this.expectDisconnect }
    return Number((await this.#closes.take(searchFor(wanted, errors))).name)
  }

  /** Sends a raw frame, to test how the server handles it. */
  sendFrame(frame: Frame): void {
    this.#connection?.send(frame)
  }

  /**
   * Closes the connection: with 1000, or as if it had been lost with 1006. Its channels terminate with the reason
   * `closed`.
   */
  close(code?: number): void {
    this.#connection?.close(code)
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** @internal */
  opened(connection: InProcessConnection): void {
    this.#connection = connection
  }

  /** @internal */
  frame(frame: Frame): void {
    const message = this.#host.settings.serializer.client.decode(frame)
    const { event, ref, topic, join_ref } = message
    if (event === "phx_reply") return this.#reply(ref, message.payload as Reply)
    for (const room of this.#rooms) {
      if (room.topic !== topic || room.over || (join_ref !== null && join_ref !== room.joinRef)) continue
      room.receive(message)
      if (!room.over) continue
      this.#endPushes("the channel has ended", room)
      // V1 does not say which of two joins a message means: the older one ends first.
      break
    }
  }

  /** @internal */
  closed(code: number): void {
    if (this.#closed !== undefined) return
    this.#closed = code
    const why = `the connection was closed with ${code}`
    this.#closes.add({ name: String(code), payload: {} })
    this.#closes.end(why)
    for (const room of this.#rooms) room.ended(why)
    this.#endPushes(why)
  }

  /** The test is over. @internal */
  finish(): void {
    this.close()
    for (const room of this.#rooms) room.finish("the test was closed")
  }

  /** @internal */
  terminated(topic: string, reason: TerminateReason): void {
    for (const room of this.#rooms) if (room.topic === topic && room.live) return room.terminated(reason)
  }

  #join<S>(topic: string, params: unknown): { room: TestChannel<S>; push: TestPush<Loose, Loose> } {
    this.#host.subscribe(topic)
    const ref = String(++this.#ref)
    const host: RoomHost = {
      settings: this.#host.settings,
      broadcasts: (wanted) => this.#host.subscribe(wanted),
      push: (from, event, payload) => this.#push(String(++this.#ref), from, event, payload),
      takeError: (wanted) => this.#takeError(wanted),
    }
    const room = new TestChannel<S>(topic, ref, host)
    this.#rooms.add(room)
    return { room, push: this.#push(ref, room, "phx_join", params ?? {}) }
  }

  #push(ref: Ref, room: TestChannel<Loose>, event: string, payload: unknown): TestPush<Loose, Loose> {
    const { settings } = this.#host
    const { topic, joinRef } = room
    const push = new TestPush<Loose, Loose>(topic, event, payload, settings)
    this.#pushes.set(ref, { push, room })
    if (this.#closed !== undefined) push.end(`the connection was closed with ${this.#closed}`)
    const message: Message = { join_ref: joinRef, ref, topic, event, payload }
    this.#connection?.send(settings.serializer.client.encode(message))
    return push
  }

  #reply(ref: Ref, reply: Reply): void {
    const pushed = this.#pushes.get(ref)
    if (pushed === undefined) return
    const { push, room } = pushed
    if (room.joinRef === ref) room.answered(reply)
    push.answer(reply)
  }

  #endPushes(why: string, of?: TestChannel<Loose>): void {
    for (const { push, room } of this.#pushes.values()) if (of === undefined || room === of) push.end(why)
  }

  #takeError(topic: string): unknown {
    return this.#host.settings.errors.take(this.#connection?.socket, topic)
  }
}
