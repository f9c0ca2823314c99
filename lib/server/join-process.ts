import type { Loose } from "../protocol/contract.js"
import type { Ref } from "../protocol/message.js"
import type { Broadcast } from "./broadcast.js"
import type { ChannelProcess } from "./channel-process.js"
import { askToJoin, refusalOf } from "./join.js"
import type { Membership } from "./membership.js"
import { isPromise, wait, type Outcome } from "./run.js"

/** The join of one channel: its handler, and its answer. */
export class JoinProcess {
  readonly #channel: ChannelProcess
  readonly #membership: Membership
  readonly #ref: Ref

  constructor(channel: ChannelProcess, membership: Membership, ref: Ref) {
    this.#channel = channel
    this.#membership = membership
    this.#ref = ref
  }

  /** Asks the channel's `join`, and answers the client. */
  start(params: unknown): void {
    const { route, socket } = this.#channel
    askToJoin({
      params,
      schema: route.schemas?.params,
      timeoutMs: socket.limits.joinMs,
      ask: (checked) => this.#channel.askToJoin(checked as Loose),
      ...this.#asked((response) => this.#admit(response)),
    })
  }

  refuse(error: unknown): void {
    const { joining, socket, topic, sentJoinRef } = this.#channel
    if (!joining) return
    const { context } = socket
    const { reason, response } = refusalOf(error)
    context.counters.rookery_joins_refused_total++
    if (reason === "crashed") context.failed(error, "join", topic, socket)
    if (reason === "timeout") context.limitHit("joinMs", socket)
    this.#channel.refused(reason === "timeout", () => {
      try {
        socket.reply(sentJoinRef, this.#ref, topic, "error", response)
      } catch {
        socket.reply(sentJoinRef, this.#ref, topic, "error", { reason: "join crashed" })
      }
      socket.joinAnswered(this.#channel, false)
      context.emit("joinRefused", { socket, topic, reason })
    })
  }

  #asked(done: (result: unknown) => void): Outcome {
    return this.#channel.outcome(done, (error) => this.refuse(error))
  }

  #admit(response: unknown): void {
    if (!this.#channel.joining) return
    const entered = this.#membership.enter()
    if (!isPromise(entered)) return this.#welcomeInTurn(response)
    const welcome = this.#asked(() => this.#welcomeInTurn(response))
    wait(entered, welcome)
  }

  /** A client that recovers gets all that it missed at once, and may join a hundred channels at once. */
  #welcomeInTurn(response: unknown): void {
    const { turns } = this.#channel.socket.context
    if (!this.#membership.recovers || !turns.isSpent()) return this.#welcome(response)
    const welcome = this.#asked(() => this.#welcome(response))
    wait(turns.next(), welcome)
  }

  /** Lets the client in: first it is answered, then it gets what it missed, and then all that comes. */
  #welcome(response: unknown = {}): void {
    const { joining, socket, topic, sentJoinRef } = this.#channel
    if (!joining) return
    let missed: readonly Broadcast[]
    try {
      const answer = this.#membership.answer(response)
      missed = answer.missed
      socket.reply(sentJoinRef, this.#ref, topic, "ok", answer.response)
    } catch (error) {
      return this.refuse(error)
    }
    this.#channel.admitted(missed)
  }
}
