import type { MaybePromise } from "../api/cluster.js"
import type { SerializerError } from "../../protocol/errors.js"
import { json } from "../../serializer/json.js"
import type { Broadcast, EncodedBroadcast } from "./broadcast.js"
import type { ClusterMember } from "./cluster-member.js"
import type { PubSub, Subscriber } from "./pubsub.js"
import { isPromise } from "../support/call-user-code.js"
import type { Telemetry } from "../telemetry/telemetry.js"

/** A socket that publishes. Its own serializer must be able to encode the broadcast. */
export interface Sender {
  /** The error of the socket's own serializer, if it could not encode a broadcast. */
  failure(broadcast: Broadcast): unknown
}

/** Waits for two promises; rejects if one of them does, whether or not the caller awaits it. */
function both(one: MaybePromise<void>, other: MaybePromise<void>): MaybePromise<void> {
  if (!isPromise(one) && !isPromise(other)) return undefined
  const all = Promise.all([one, other]).then(() => undefined)
  all.catch(() => undefined)
  return all
}

const USUAL = json()

/**
 * The error of a broadcast that reached nobody, if its payload is at fault. Clients choose their version and their topic:
 * that a room has only clients of version 1, or a topic that is too long for a binary frame, is no fault of the code that
 * broadcasts bytes. That code may be a timer, and an error that is thrown to a timer ends the process.
 */
function faultOfPayload(broadcast: Broadcast, [first]: readonly EncodedBroadcast[]): unknown {
  if (broadcast.reached) return undefined
  const { topic, event, payload } = broadcast
  try {
    USUAL.server.encode({ join_ref: null, ref: null, topic, event, payload })
    return undefined
  } catch (error) {
    return (error as Partial<SerializerError>).at === "topic" ? undefined : first?.error
  }
}

/** Publishes the broadcasts of channels and of the endpoint, and reports those that could not be encoded. */
export class Publisher {
  readonly #pubsub: PubSub
  readonly #member: ClusterMember
  readonly #telemetry: Telemetry

  constructor(pubsub: PubSub, member: ClusterMember, telemetry: Telemetry) {
    this.#pubsub = pubsub
    this.#member = member
    this.#telemetry = telemetry
  }

  /**
   * Publishes a broadcast; the event `disconnect`, with an id as its topic, also closes the clients of that id. Throws
   * if the serializer of the sender cannot encode it, or, without a sender, if neither the clients' serializers nor JSON
   * can: then the payload is at fault, and not the clients. If a promise is returned, it rejects when other nodes could
   * not be reached.
   */
  publish(broadcast: Broadcast, except?: Subscriber, sender?: Sender): MaybePromise<void> {
    const { topic, event } = broadcast
    const published = this.#pubsub.publish(broadcast, except)
    const told = event === "disconnect" ? both(published, this.#member.disconnect(topic)) : published
    if (this.#pubsub.delivering) this.#pubsub.afterDeliveries(() => this.#reportLate(broadcast, sender))
    else this.#explain(broadcast, sender)
    return told
  }

  /** Throws if the payload of a broadcast cannot be encoded, and logs which serializers cannot. */
  #explain(broadcast: Broadcast, sender: Sender | undefined): void {
    const { topic, event } = broadcast
    const failures = broadcast.failures()
    if (failures.length === 0) return
    this.#telemetry.counters.rookery_broadcasts_unencodable_total++
    const error = sender === undefined ? faultOfPayload(broadcast, failures) : sender.failure(broadcast)
    if (error !== undefined) throw error
    for (const { serializer, error: cause } of failures) {
      this.#telemetry.log("warn", `a broadcast cannot be carried by ${serializer.name}`, { topic, event, error: cause })
    }
  }

  /** A broadcast that waited behind another is encoded when its caller has gone on already. */
  #reportLate(broadcast: Broadcast, sender: Sender | undefined): void {
    try {
      this.#explain(broadcast, sender)
    } catch (error) {
      this.#telemetry.failed(error, "broadcast", broadcast.topic)
    }
  }
}
