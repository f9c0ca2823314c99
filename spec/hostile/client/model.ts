export const TIMEOUT = 10_000
export const HEARTBEAT = 30_000
export const RECONNECT = 100
export const REJOIN = 1000
export const CLOSE_WAIT = 1500
export const CONNECT_WAIT = 20_000
export const GIVE_UP_AFTER = 4
export const BUFFER = 1000
export const TOPICS: readonly string[] = ["room:1", "room:2"]

type At = number | undefined

/** The right state of a push. */
export interface PushModel {
  readonly channel: number
  readonly retry: boolean
  where: "buffer" | "line" | "over"
  /** Whether the push was pending when the channel crashed. */
  survived: boolean
  timeoutAt: At
  outcome: string | undefined
}

/** The right state of a channel. */
export interface ChannelModel {
  readonly topic: string
  state: "closed" | "joining" | "joined" | "errored"
  /** The index of the current or last join; its time limit is `joinTimeoutAt`. */
  join: number | undefined
  joinTimeoutAt: At
  /** The time when the promise of an interrupted join rejects. */
  promiseTimeoutAt: At
  rejoinAt: At
}

/** The right behaviour of the client, in the simplest form. */
export class Model {
  now = 0
  wanted = false
  destroyed = false
  line: "none" | "connecting" | "open" | "closing" = "none"
  tries = 0
  reconnectAt: At
  /** The time when an unanswered attempt is given up. */
  connectBy: At
  /** The time when the next heartbeat is due, or the last one is given up. */
  heartbeatAt: At
  awaitsHeartbeat = false
  silent = false
  readonly channels: ChannelModel[]
  readonly pushes: PushModel[] = []
  /** The first answer to each join. */
  readonly joins: (string | undefined)[] = []
  /** The channel that has each topic. */
  readonly current = new Map<string, number>()

  constructor() {
    this.channels = [...TOPICS, TOPICS[0] as string].map((topic) => ({
      topic,
      state: "closed",
      join: undefined,
      joinTimeoutAt: undefined,
      promiseTimeoutAt: undefined,
      rejoinAt: undefined,
    }))
  }

  get status(): string {
    if (!this.wanted) return "disconnected"
    if (this.line === "open") return "connected"
    return this.tries > 0 ? "reconnecting" : "connecting"
  }

  connect(): void {
    if (this.line === "connecting" || this.line === "open") return
    if (!this.wanted) this.tries = 0
    this.wanted = true
    this.line = "connecting"
    this.reconnectAt = undefined
    this.connectBy = this.now + CONNECT_WAIT
  }

  disconnect(): void {
    const had = this.line
    this.#unwanted()
    if (had !== "connecting" && had !== "open") return
    this.line = "closing"
    this.#down()
  }

  opened(): void {
    this.line = "open"
    this.connectBy = undefined
    this.tries = 0
    this.#heartbeat(false)
    for (const channel of this.channels) {
      channel.rejoinAt = undefined
      if (channel.state === "errored") this.#rejoin(channel)
    }
  }

  /** Handles the end of the connection, from either side. */
  ended(): void {
    const wasClosing = this.line === "closing"
    this.line = "none"
    this.connectBy = undefined
    if (!wasClosing) this.#down()
    if (!this.wanted) return
    if (++this.tries > GIVE_UP_AFTER) this.#unwanted()
    else this.reconnectAt = this.now + RECONNECT
  }

  join(which: number): void {
    const channel = this.channels[which] as ChannelModel
    channel.join = this.joins.push(undefined) - 1
    this.#rejoin(channel)
  }

  leave(which: number): void {
    const channel = this.channels[which] as ChannelModel
    if (channel.state !== "closed") this.closed(which)
  }

  joinAnswered(which: number, status: string): void {
    const channel = this.channels[which] as ChannelModel
    if (channel.state !== "joining") return
    channel.joinTimeoutAt = undefined
    this.#joinOutcome(channel, status)
    if (status === "ok") {
      channel.state = "joined"
      for (const push of this.pushesOf(which, "buffer")) this.#send(push)
    } else {
      channel.state = "errored"
      channel.rejoinAt = this.now + REJOIN
    }
  }

  crashed(which: number): void {
    const channel = this.channels[which] as ChannelModel
    for (const push of this.pushesOf(which, "line")) {
      if (push.retry && !push.survived) Object.assign(push, { where: "buffer", timeoutAt: undefined, survived: true })
      else this.#over(push, "channel_crashed")
    }
    this.#interrupted(channel)
    channel.rejoinAt = this.line === "open" ? this.now + REJOIN : undefined
  }

  closed(which: number): void {
    const channel = this.channels[which] as ChannelModel
    channel.state = "closed"
    channel.joinTimeoutAt = channel.promiseTimeoutAt = undefined
    channel.rejoinAt = undefined
    this.current.delete(channel.topic)
    this.#joinOutcome(channel, "channel_closed")
    for (const push of [...this.pushesOf(which, "line"), ...this.pushesOf(which, "buffer")]) {
      this.#over(push, "channel_closed")
    }
  }

  push(which: number, retry: boolean): void {
    const channel = this.channels[which] as ChannelModel
    const push: PushModel = {
      channel: which,
      retry,
      where: "buffer",
      survived: false,
      timeoutAt: undefined,
      outcome: undefined,
    }
    this.pushes.push(push)
    if (channel.state === "closed") this.#over(push, "channel_closed")
    else if (channel.state === "joined") this.#send(push)
    else if (!retry) push.timeoutAt = this.now + TIMEOUT
  }

  pushAnswered(id: number, status: string): void {
    const push = this.pushes[id] as PushModel
    if (push.where === "line") this.#over(push, status)
  }

  aborted(id: number): void {
    const push = this.pushes[id] as PushModel
    if (push.where !== "over") this.#over(push, "aborted")
  }

  destroy(): void {
    this.destroyed = true
    for (const which of this.current.values()) this.closed(which)
    this.#unwanted()
    this.line = "none"
    this.heartbeatAt = undefined
  }

  /** Lets time pass, from one due time to the next. */
  pass(ms: number): void {
    const end = this.now + ms
    for (;;) {
      const next = this.#due()
      if (next === undefined || next.at > end) break
      this.now = next.at
      next.happens()
    }
    this.now = end
  }

  pushesOf(which: number, where: PushModel["where"]): PushModel[] {
    return this.pushes.filter((push) => push.channel === which && push.where === where)
  }

  #due(): { at: number; happens: () => void } | undefined {
    const all: { at: At; happens: () => void }[] = [
      { at: this.connectBy, happens: () => this.ended() },
      { at: this.reconnectAt, happens: () => this.connect() },
      { at: this.heartbeatAt, happens: () => (this.awaitsHeartbeat ? this.ended() : this.#heartbeat(this.silent)) },
      ...this.channels.flatMap((channel) => [
        { at: channel.rejoinAt, happens: () => this.#rejoin(channel) },
        { at: channel.joinTimeoutAt, happens: () => this.#joinTimeout(channel) },
        { at: channel.promiseTimeoutAt, happens: () => this.#promiseTimeout(channel) },
      ]),
      ...this.pushes.map((push) => ({ at: push.timeoutAt, happens: () => this.#over(push, "timeout") })),
    ]
    return (all as { at: number; happens: () => void }[])
      .filter(({ at }) => at !== undefined)
      .toSorted((a, b) => a.at - b.at)[0]
  }

  #unwanted(): void {
    this.wanted = false
    this.reconnectAt = this.connectBy = undefined
  }

  #down(): void {
    this.heartbeatAt = undefined
    for (const [which, channel] of this.channels.entries()) {
      channel.rejoinAt = undefined
      if (channel.state === "closed" || channel.state === "errored") continue
      for (const push of this.pushesOf(which, "line")) {
        if (!push.retry) this.#over(push, "disconnected")
        else Object.assign(push, { where: "buffer", timeoutAt: undefined })
      }
      this.#interrupted(channel)
    }
  }

  #interrupted(channel: ChannelModel): void {
    channel.promiseTimeoutAt = channel.joinTimeoutAt
    channel.joinTimeoutAt = undefined
    channel.state = "errored"
  }

  #rejoin(channel: ChannelModel): void {
    const which = this.channels.indexOf(channel)
    const other = this.current.get(channel.topic)
    if (other !== undefined && other !== which) this.closed(other)
    this.current.set(channel.topic, which)
    channel.state = "joining"
    channel.rejoinAt = channel.promiseTimeoutAt = undefined
    channel.joinTimeoutAt = this.now + TIMEOUT
  }

  #joinTimeout(channel: ChannelModel): void {
    channel.joinTimeoutAt = undefined
    channel.state = "errored"
    channel.rejoinAt = this.line === "open" ? this.now + REJOIN : undefined
    this.#joinOutcome(channel, "timeout")
  }

  #promiseTimeout(channel: ChannelModel): void {
    channel.promiseTimeoutAt = undefined
    this.#joinOutcome(channel, "timeout")
  }

  #joinOutcome(channel: ChannelModel, outcome: string): void {
    if (channel.join !== undefined) this.joins[channel.join] ??= outcome
  }

  #heartbeat(awaited: boolean): void {
    this.awaitsHeartbeat = awaited
    this.heartbeatAt = this.now + HEARTBEAT
  }

  #send(push: PushModel): void {
    push.where = "line"
    push.timeoutAt = this.now + TIMEOUT
  }

  #over(push: PushModel, outcome: string): void {
    push.where = "over"
    push.timeoutAt = undefined
    push.outcome = outcome
  }
}
