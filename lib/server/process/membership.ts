import { RECOVER, type HistoryOptions, type RecoverRequest, type RecoverResponse } from "../../protocol/recovery.js"
import type { MaybePromise } from "../api/cluster.js"
import type { Broadcast } from "../pubsub/broadcast.js"
import type { PubSub } from "../pubsub/pubsub.js"
import { isRecord } from "./recover-request.js"
import { Refused } from "../api/reply.js"
import { isPromise } from "../support/call-user-code.js"
import { randomId } from "../support/random-id.js"
import type { ChannelServices } from "./services.js"
import type { Telemetry } from "../telemetry/telemetry.js"

/** The answer to a join that lets the client in. */
export interface JoinAnswer {
  readonly response: unknown
  /** The messages that the client missed, or asked for. */
  readonly missed: readonly Broadcast[]
  /** Whether a client that came back gets all that it missed; `undefined` for a client that does not come back. */
  readonly recovered: boolean | undefined
}

/** The membership of one channel in its topic: among the nodes of the cluster, and in the topic's history. */
export interface Membership {
  /** Whether the client recovers, and so relies on getting every message. */
  readonly recovers: boolean
  /** The sender id in broadcasts that must not come back to this channel; `undefined` if there is none yet. */
  readonly id: string | undefined
  /** The sender id for a new broadcast that must not come back to this channel. Created if the topic has a history. */
  senderId(): string | undefined
  /** Enters the topic, and loads the messages that the client may have missed. */
  enter(): MaybePromise<void>
  exit(): void
  /** The join's response and the messages that the client missed. Throws `Refused` if these are unknown. */
  answer(response: unknown): JoinAnswer
}

const NOTHING_MISSED: readonly Broadcast[] = []

/** The one membership of all channels that have nothing to enter: there are no other nodes, and no history. */
const ON_THIS_NODE_ONLY: Membership = {
  recovers: false,
  id: undefined,
  senderId: () => undefined,
  enter: () => undefined,
  exit: () => {},
  answer: (response) => ({ response, missed: NOTHING_MISSED, recovered: undefined }),
}

/** Makes the membership of a channel, with the request of its client to recover. */
export function membershipOf(
  topic: string,
  history: HistoryOptions | undefined,
  request: RecoverRequest | undefined,
  services: Pick<ChannelServices, "pubsub" | "telemetry">,
): Membership {
  if (services.pubsub.alone && history === undefined) return ON_THIS_NODE_ONLY
  return new TopicMembership(topic, history, request, services)
}

class TopicMembership implements Membership {
  readonly #pubsub: PubSub
  readonly #telemetry: Telemetry
  readonly #topic: string
  readonly #history: HistoryOptions | undefined
  #request: RecoverRequest | undefined
  #ownId: string | undefined
  #entered = false
  #prepared = false

  constructor(
    topic: string,
    history: HistoryOptions | undefined,
    request: RecoverRequest | undefined,
    services: Pick<ChannelServices, "pubsub" | "telemetry">,
  ) {
    this.#pubsub = services.pubsub
    this.#telemetry = services.telemetry
    this.#topic = topic
    this.#history = history
    this.#request = request
  }

  get recovers(): boolean {
    return this.#request !== undefined
  }

  get id(): string | undefined {
    return this.#request?.id ?? this.#ownId
  }

  senderId(): string | undefined {
    if (this.#history !== undefined && this.#request === undefined) this.#ownId ??= randomId()
    return this.id
  }

  enter(): MaybePromise<void> {
    this.#entered = true
    const entered = this.#pubsub.enter(this.#topic)
    const prepared = isPromise(entered) ? entered.then(() => this.#prepare()) : this.#prepare()
    return isPromise(prepared) ? prepared.catch((error: unknown) => this.#unavailable(error)) : prepared
  }

  exit(): void {
    this.#done()
    if (this.#entered) this.#pubsub.exit(this.#topic)
    this.#entered = false
  }

  answer(response: unknown): JoinAnswer {
    if (!isRecord(response)) this.#request = undefined
    if (this.#request === undefined || this.#history === undefined) {
      this.#done()
      return { response, missed: NOTHING_MISSED, recovered: undefined }
    }
    const missed = this.#pubsub.missed(this.#topic, this.#history, this.#request)
    this.#done()
    if (missed === undefined) throw new Refused({ reason: "unavailable" })
    const { epoch, offset, recovered, broadcasts } = missed
    const recover: RecoverResponse = { epoch, offset, recovered }
    return {
      response: { ...(response as object), [RECOVER]: recover },
      missed: broadcasts.filter(({ sender }) => sender === undefined || sender !== this.id),
      recovered: this.#request.offset === undefined ? undefined : recovered,
    }
  }

  #prepare(): MaybePromise<void> {
    if (this.#request === undefined || this.#history === undefined) return undefined
    // The client may have gone while the topic was entered.
    if (!this.#entered) return undefined
    this.#prepared = true
    return this.#pubsub.prepare(this.#topic, this.#history, this.#request)
  }

  /** Its part of the history need not be at hand any longer. */
  #done(): void {
    if (this.#prepared) this.#pubsub.done(this.#topic)
    this.#prepared = false
  }

  #unavailable(error: unknown): never {
    this.#telemetry.failed(error, "recovery", this.#topic)
    throw new Refused({ reason: "unavailable" })
  }
}
