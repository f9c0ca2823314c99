import type { Loose } from "../../protocol/contract.js"
import type { Ref } from "../../protocol/message.js"
import type { ChannelHost, HostedChannel } from "./channel-host.js"
import { JOIN_TIMEOUT, refusalOf } from "./join.js"
import type { JoinAnswer, Membership } from "./membership.js"
import { isPromise, wait, type Outcome } from "../support/call-user-code.js"
import type { ChannelServices } from "./services.js"
import type { ChannelRoute } from "./channel-routes.js"
import { validate } from "./validation.js"

/** The channel that a join is for. */
export interface JoiningChannel extends HostedChannel {
  readonly socket: ChannelHost
  readonly services: ChannelServices
  readonly route: ChannelRoute
  /** Whether the join is not answered yet. */
  readonly joining: boolean
  /** When the join came, by the endpoint's clock. */
  readonly startedAt: number
  /** Calls the handler of the join with its checked params. */
  askToJoin(params: Loose): unknown
  /** Runs code that calls the handler, here after something that the handler had to wait for. */
  callHandler(call: () => void): void
  /** Makes the callbacks for a call of user code. An error of the endpoint's own code closes the connection. */
  outcome(done: (result: unknown) => void, failed: (error: unknown) => void): Outcome
  /** The join was answered: the client gets the messages that it missed, then every new one. */
  admitted(answer: JoinAnswer): void
  /**
   * Ends the channel because its join is refused.
   *
   * @param isAwaited whether the handler still runs
   * @param tell sends the reply
   */
  refused(isAwaited: boolean, tell: () => void): void
}

/** The join of one channel: calls its handler and replies. */
export class JoinProcess {
  readonly #channel: JoiningChannel
  readonly #membership: Membership
  readonly #ref: Ref
  /** Set once the check of the params, or the handler, has returned a promise. */
  #timer: unknown

  constructor(channel: JoiningChannel, membership: Membership, ref: Ref) {
    this.#channel = channel
    this.#membership = membership
    this.#ref = ref
  }

  /** Calls the channel's `join` and replies to the client. */
  start(params: unknown): void {
    const schema = this.#channel.route.schemas?.params
    if (schema === undefined) return this.#ask(params)
    let checked: unknown
    try {
      checked = validate(schema, params, "params")
    } catch (error) {
      return this.refuse(error)
    }
    if (isPromise(checked)) this.#await(checked, (value) => this.#checked(value))
    else this.#ask(checked)
  }

  refuse(error: unknown): void {
    this.#stopTimer()
    const { joining, services, socket, topic, sentJoinRef, startedAt } = this.#channel
    if (!joining) return
    const { telemetry, runtime } = services
    const { reason, response } = refusalOf(error)
    telemetry.counters.rookery_joins_refused_total++
    if (reason === "crashed") telemetry.failed(error, "join", topic, socket)
    if (reason === "timeout") telemetry.limitHit("joinMs", socket)
    this.#channel.refused(reason === "timeout", () => {
      try {
        socket.reply(sentJoinRef, this.#ref, topic, "error", response)
      } catch {
        socket.reply(sentJoinRef, this.#ref, topic, "error", { reason: "join crashed" })
      }
      socket.joinAnswered(this.#channel, false)
      const durationMs = runtime.clock.now() - startedAt
      telemetry.emit("joinRefused", { socket, topic, reason, durationMs, ...(reason === "crashed" && { error }) })
    })
  }

  /** The params were checked, which took its time: the client may have gone, or the time of the join be over. */
  #checked(params: unknown): void {
    const channel = this.#channel
    if (channel.joining) channel.callHandler(() => this.#ask(params))
  }

  #ask(params: unknown): void {
    let result: unknown
    try {
      result = this.#channel.askToJoin(params as Loose)
    } catch (error) {
      return this.refuse(error)
    }
    if (isPromise(result)) this.#await(result, (response) => this.#admit(response))
    else this.#admit(result)
  }

  /** Waits for the check of the params or for the handler, within the time limit of a join. */
  #await(result: PromiseLike<unknown>, done: (result: unknown) => void): void {
    const { services, socket } = this.#channel
    const { joinMs } = socket.limits
    if (joinMs !== Infinity) {
      this.#timer ??= services.runtime.clock.setTimeout(() => this.refuse(JOIN_TIMEOUT), joinMs)
    }
    const answered = this.#asked(done)
    wait(result, answered)
  }

  #stopTimer(): void {
    if (this.#timer !== undefined) this.#channel.services.runtime.clock.clearTimeout(this.#timer)
  }

  #asked(done: (result: unknown) => void): Outcome {
    return this.#channel.outcome(done, (error) => this.refuse(error))
  }

  #admit(response: unknown): void {
    this.#stopTimer()
    if (!this.#channel.joining) return
    const entered = this.#membership.enter()
    if (!isPromise(entered)) return this.#welcomeInTurn(response)
    const welcome = this.#asked(() => this.#welcomeInTurn(response))
    wait(entered, welcome)
  }

  /**
   * Replies in this turn of the event loop, or in a later one if this turn has no time left: a client that recovers
   * gets all messages that it missed with the join, and may join a hundred channels at once.
   */
  #welcomeInTurn(response: unknown): void {
    const { turns } = this.#channel.services
    if (!this.#membership.recovers || !turns.isSpent()) return this.#welcome(response)
    const welcome = this.#asked(() => this.#welcome(response))
    wait(turns.next(), welcome)
  }

  /** Lets the client in: sends the reply, then the missed messages, then every new one. */
  #welcome(response: unknown = {}): void {
    const { joining, socket, topic, sentJoinRef } = this.#channel
    if (!joining) return
    let answer: JoinAnswer
    try {
      answer = this.#membership.answer(response)
      socket.reply(sentJoinRef, this.#ref, topic, "ok", answer.response)
    } catch (error) {
      return this.refuse(error)
    }
    // The answer may have ended its own connection: one that is too long for the queue of a long-poll does.
    if (this.#channel.joining) this.#channel.admitted(answer)
  }
}
