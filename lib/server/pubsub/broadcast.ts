import { weigh } from "../../protocol/weight.js"
import type { Frame, Serializer } from "../../serializer/serializer.js"
import type { ClusterBody, ClusterMessage } from "../api/cluster.js"
import {
  frameFor,
  ownFrame,
  payloadOf,
  readClusterFrame,
  textOf,
  writeClusterFrame,
  type TravelledFrame,
} from "./cluster-frame.js"
import { FrameForms } from "./frame-forms.js"
import type { Encoding, SharedFrame } from "../api/shared-frame.js"

/** One broadcast, encoded by one serializer. Made when the first socket needs it, then shared by the others. */
export class EncodedBroadcast implements SharedFrame {
  readonly serializer: Serializer
  /** Whether the frame carries the offset. */
  readonly numbered: boolean
  /** The same broadcast, encoded by another serializer: a linked list. */
  readonly next: EncodedBroadcast | undefined
  readonly #broadcast: Broadcast
  readonly #forms: FrameForms = new FrameForms()
  #frame: Frame | undefined
  #failed = false
  error: unknown

  constructor(broadcast: Broadcast, serializer: Serializer, numbered: boolean, next: EncodedBroadcast | undefined) {
    this.#broadcast = broadcast
    this.serializer = serializer
    this.numbered = numbered
    this.next = next
  }

  /** The frame, or `undefined` if this serializer cannot encode the payload; `error` then has the cause. */
  frame(): Frame | undefined {
    if (this.#frame !== undefined || this.#failed) return this.#frame
    try {
      this.#frame = this.#travelledFrame() ?? this.serializer.server.encode(this.#message())
    } catch (error) {
      this.#failed = true
      this.error = error
    }
    return this.#frame
  }

  as<T>(encoding: Encoding<T>): T | undefined {
    return this.#forms.get(encoding) ?? this.#make(encoding)
  }

  #make<T>(encoding: Encoding<T>): T | undefined {
    const travelled = this.#travelled()
    if (travelled !== undefined) return this.#forms.add(encoding, travelled.bytes, travelled.text)
    const frame = this.frame()
    return frame === undefined ? undefined : this.#forms.add(encoding, frame, typeof frame === "string")
  }

  #message() {
    const { topic, event, payload, offset } = this.#broadcast
    const message = { join_ref: null, ref: null, topic, event, payload }
    return this.numbered ? { ...message, offset } : message
  }

  #travelled(): ReturnType<typeof frameFor> {
    const { travelled, offset } = this.#broadcast
    return travelled && frameFor(travelled, this.serializer, this.numbered ? offset : undefined)
  }

  #travelledFrame(): Frame | undefined {
    const travelled = this.#travelled()
    return travelled?.text === true ? textOf(travelled.bytes) : travelled?.bytes
  }
}

/** The memory of a queue's entry and of the broadcast object itself. */
const ENTRY_BYTES = 256
/** Weighing a payload stops at this many bytes. */
const MOST_BYTES = 16_777_216

/**
 * The bytes of memory of a payload. Returns 0 if it cannot be weighed: an object of the server may have getters that
 * throw.
 */
function weightOf(payload: unknown): number {
  try {
    return weigh(payload, MOST_BYTES)
  } catch {
    return 0
  }
}

/** Fields that only some broadcasts have. */
interface BroadcastTraits {
  readonly sender?: string | undefined
  readonly once?: string | undefined
  readonly travelled?: TravelledFrame
}

/** A message to every client on a topic. It is encoded once for each serializer in use, not once for each socket. */
export class Broadcast implements ClusterMessage {
  readonly topic: string
  readonly event: string
  /**
   * The recovery id of the channel that must not get it. `undefined` if all get it, or if `except` names the channel.
   */
  readonly sender: string | undefined
  /** Its offset in the history of its topic, if the topic has one. */
  offset: number | undefined
  /** A name: a second broadcast of the same name is not kept. */
  readonly once: string | undefined
  #travelled: TravelledFrame | undefined
  #encoded: EncodedBroadcast | undefined
  #payload: unknown
  #bytes: Uint8Array | undefined
  #weight = 0
  #claimed = false

  constructor(topic: string, event: string, payload: unknown, { sender, once, travelled }: BroadcastTraits = {}) {
    this.topic = topic
    this.event = event
    this.sender = sender
    this.once = once
    this.#travelled = travelled
    this.#payload = payload
  }

  /** Makes a broadcast of a message that the cluster delivers. */
  static from(topic: string, body: ClusterBody): Broadcast {
    if (body instanceof Broadcast) return body
    const travelled = readClusterFrame(body instanceof Uint8Array ? body : body.bytes())
    return new Broadcast(topic, travelled.event, undefined, { sender: travelled.sender, travelled })
  }

  /** The frame in which it arrived from another node, if it did. */
  get travelled(): TravelledFrame | undefined {
    return this.#travelled
  }

  /** The payload. If it came from another node, it is decoded at the first access. */
  get payload(): unknown {
    if (this.travelled !== undefined) this.#payload ??= payloadOf(this.travelled)
    return this.#payload
  }

  /** The bytes of memory that it takes while it waits. */
  get weight(): number {
    return (this.#weight ||= ENTRY_BYTES + (this.#travelled?.frame.length ?? weightOf(this.#payload)))
  }

  /**
   * Returns `true` to the first caller. Its memory counts for that one only, because the others keep the same object.
   */
  claim(): boolean {
    const isFirst = !this.#claimed
    this.#claimed = true
    return isFirst
  }

  bytes(): Uint8Array {
    const { topic, event, payload, sender } = this
    return (this.#bytes ??= writeClusterFrame({ join_ref: null, ref: null, topic, event, payload }, sender))
  }

  encoded(serializer: Serializer, numbered = false): EncodedBroadcast {
    // Two or three serializers at most: a scan is quicker than a Map.
    for (let known = this.#encoded; known !== undefined; known = known.next) {
      if (known.serializer === serializer && known.numbered === numbered) return known
    }
    return (this.#encoded = new EncodedBroadcast(this, serializer, numbered, this.#encoded))
  }

  /** Frees all that can be made again: most messages of a history are never read. */
  shrink(): void {
    this.#encoded = undefined
    this.#bytes = undefined
    if (this.#travelled === undefined) return
    this.#payload = undefined
    this.#travelled = ownFrame(this.#travelled)
  }

  /** Whether any serializer could encode it. */
  get reached(): boolean {
    for (let encoded = this.#encoded; encoded !== undefined; encoded = encoded.next) {
      if (encoded.error === undefined) return true
    }
    return false
  }

  /** The serializers that could not encode the payload, with their errors. */
  failures(): EncodedBroadcast[] {
    const failed: EncodedBroadcast[] = []
    for (let encoded = this.#encoded; encoded !== undefined; encoded = encoded.next) {
      if (encoded.error !== undefined) failed.push(encoded)
    }
    return failed
  }
}
