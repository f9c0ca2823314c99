import { vi } from "vitest"
import type { ClientChannel, ClientPush, ClientSocket, Subject } from "./libraries.js"
import type { Recording } from "./recording.js"
import { RefPairs } from "./ref-pairs.js"
import { ReplayedLongPoll } from "./replayed-longpoll.js"
import { ReplayedWebSockets } from "./replayed-websocket.js"
import { seenOutcome, sentRefs, type Outcome } from "./wire-outcome.js"

/** The steps of a scenario, for any client. */
export type Scenario = (driver: WireDriver) => Promise<void>

/** The states at the end of a scenario, as an app sees them. */
export interface FinalStates {
  connection: string
  channels: Record<string, string>
}

export interface Replay {
  outcome: Outcome
  refs: unknown[]
  states: FinalStates
  errors: unknown[]
}

const SETTLES_WITHIN = 1000

/** Drives a client through the steps of a recording, and notes its callbacks. */
export class WireDriver {
  readonly peer: ReplayedWebSockets
  readonly #subject: Subject
  readonly #longPoll: ReplayedLongPoll
  readonly #events: string[] = []
  readonly #channels: [label: string, channel: ClientChannel][] = []
  #socket: ClientSocket | undefined
  #now = 0

  constructor(subject: Subject, recording: Recording) {
    const refs = new RefPairs()
    this.#subject = subject
    this.peer = new ReplayedWebSockets(recording, refs)
    this.#longPoll = new ReplayedLongPoll(recording, refs)
    // If `CloseEvent` exists, as in Node 24, the official client reports another reason: "" instead of none.
    vi.stubGlobal("CloseEvent", undefined)
    vi.stubGlobal("fetch", this.#longPoll.fetch)
  }

  static async replay(subject: Subject, recording: Recording, scenario: Scenario): Promise<Replay> {
    const driver = new WireDriver(subject, recording)
    await scenario(driver)
    await vi.advanceTimersByTimeAsync(SETTLES_WITHIN)
    return {
      outcome: seenOutcome(driver.peer, driver.#longPoll, driver.#events),
      refs: sentRefs(driver.peer, driver.#longPoll),
      states: {
        connection: driver.socket.connectionState(),
        channels: Object.fromEntries(driver.#channels.map(([label, { state }]) => [label, state])),
      },
      errors: driver.peer.errors,
    }
  }

  get socket(): ClientSocket {
    if (this.#socket === undefined) throw new Error("the scenario has not connected yet")
    return this.#socket
  }

  get LongPoll(): unknown {
    return this.#subject.library.LongPoll
  }

  tell(line: string, ...told: unknown[]): void {
    const words = told.filter((part) => part !== undefined)
    this.#events.push(
      [line, ...words.map((part) => (typeof part === "string" ? part : JSON.stringify(part)))].join(" "),
    )
  }

  /** Advances to a moment of the scenario. */
  async at(ms: number): Promise<void> {
    await vi.advanceTimersByTimeAsync(ms - this.#now)
    this.#now = ms
  }

  connect(options: object = {}, path = "/socket"): ClientSocket {
    const { library, options: comparable } = this.#subject
    const socket = new library.Socket(`ws://example.test${path}`, {
      params: { user: "alice" },
      transport: this.peer.WebSocket,
      ...comparable,
      ...options,
    })
    socket.onOpen(() => this.tell("socket open"))
    socket.onError(() => this.tell("socket error"))
    socket.onClose(({ code, reason, wasClean }) =>
      this.tell(`socket close code=${code} reason=${reason} wasClean=${wasClean}`),
    )
    socket.connect()
    return (this.#socket = socket)
  }

  channel(topic: string, params: object = {}, label = topic): ClientChannel {
    const channel = this.socket.channel(topic, params)
    channel.onError((reason) => this.tell(`${label} onError`, reason))
    channel.onClose((reason) => this.tell(`${label} onClose`, reason))
    this.#channels.push([label, channel])
    return channel
  }

  join(channel: ClientChannel, label = "join"): void {
    this.#tellAnswers(channel.join(), label)
  }

  push(channel: ClientChannel, event: string, payload: object = {}, { label = event, timeout = 10_000 } = {}): void {
    this.#tellAnswers(channel.push(event, payload, timeout), label)
  }

  leave(channel: ClientChannel): void {
    this.#tellAnswers(channel.leave(), "leave")
  }

  #tellAnswers(push: ClientPush, label: string): void {
    push
      .receive("ok", (response) => this.tell(`${label} ok`, response))
      .receive("error", (response) => this.tell(`${label} error`, response))
      .receive("timeout", () => this.tell(`${label} timeout`))
  }
}
