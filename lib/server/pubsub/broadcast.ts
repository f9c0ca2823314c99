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

/** One broadcast as one serializer writes it, made when the first socket needs it and shared by all others. */
export class EncodedBroadcast implements SharedFrame {
  readonly serializer: Serializer
  /** Whether it says its offset. */
  readonly numbered: boolean
  /** The same broadcast as another serializer writes it. */
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

  /** The frame, or `undefined` if this serializer cannot carry the payload; `error` then says why. */
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

/** An entry of a queue, and the broadcast's own object. */
const ENTRY_BYTES = 256
/** No payload is looked at for longer. */
const MOST_BYTES = 16_777_216

/** What a payload of the server's takes, which may have getters that throw. */
function weightOf(payload: unknown): number {
  try {
    return weigh(payload, MOST_BYTES)
  } catch {
    return 0
  }
}

/** What is not the same of all broadcasts. */
interface BroadcastTraits {
  readonly sender?: string | undefined
  readonly once?: string | undefined
  readonly travelled?: TravelledFrame
}

/** A message to everybody on a topic. It is encoded once for each serializer among them, not once for each socket. */
export class Broadcast implements ClusterMessage {
  readonly topic: string
  readonly event: string
  /** The channel that does not get it, by its recovery id; for those that are told by object, `undefined`. */
  readonly sender: string | undefined
  /** Its place in the history of its topic, if it has one. */
  offset: number | undefined
  /** What it goes by, so that a second one of that name does nothing. */
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

  /** A broadcast as the cluster hands it over. */
  static from(topic: string, body: ClusterBody): Broadcast {
    if (body instanceof Broadcast) return body
    const travelled = readClusterFrame(body instanceof Uint8Array ? body : body.bytes())
    return new Broadcast(topic, travelled.event, undefined, { sender: travelled.sender, travelled })
  }

  /** As it came from another node. */
  get travelled(): TravelledFrame | undefined {
    return this.#travelled
  }

  /** What is in it. Of one that came from another node it is read when somebody asks. */
  get payload(): unknown {
    if (this.travelled !== undefined) this.#payload ??= payloadOf(this.travelled)
    return this.#payload
  }

  /** How many bytes of memory it takes where it waits. */
  get weight(): number {
    return (this.#weight ||= ENTRY_BYTES + (this.#travelled?.frame.length ?? weightOf(this.#payload)))
  }

  /** Whether it is counted for the first one that keeps it: the others keep the same. */
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

  /** Lets go of what can be made again: most of what is kept of a history is asked for by nobody. */
  shrink(): void {
    this.#encoded = undefined
    this.#bytes = undefined
    if (this.#travelled === undefined) return
    this.#payload = undefined
    this.#travelled = ownFrame(this.#travelled)
  }

  /** Whether any serializer could carry it. */
  get reached(): boolean {
    for (let encoded = this.#encoded; encoded !== undefined; encoded = encoded.next) {
      if (encoded.error === undefined) return true
    }
    return false
  }

  /** What went wrong with the serializers that could not carry the payload. */
  failures(): EncodedBroadcast[] {
    const failed: EncodedBroadcast[] = []
    for (let encoded = this.#encoded; encoded !== undefined; encoded = encoded.next) {
      if (encoded.error !== undefined) failed.push(encoded)
    }
    return failed
  }
}
