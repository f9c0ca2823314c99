import type { Message } from "../protocol/message.js"
import type { Frame, Serializer } from "../serializer/serializer.js"
import type { SharedFrame } from "./link.js"
import { deflate } from "./websocket-deflate.js"
import { BINARY, frameBytes, frameMessage, TEXT } from "./websocket-frames.js"

/** One broadcast as one serializer writes it, made when the first socket needs it and shared by all others. */
export class EncodedBroadcast implements SharedFrame {
  readonly serializer: Serializer
  readonly #message: Message
  #frame: Frame | undefined
  #wire: Buffer | undefined
  #deflated: Buffer | undefined
  #failed = false
  error: unknown

  constructor(serializer: Serializer, message: Message) {
    this.serializer = serializer
    this.#message = message
  }

  /** The frame, or `undefined` if this serializer cannot carry the payload; `error` then says why. */
  frame(): Frame | undefined {
    if (this.#frame !== undefined || this.#failed) return this.#frame
    try {
      this.#frame = this.serializer.server.encode(this.#message)
    } catch (error) {
      this.#failed = true
      this.error = error
    }
    return this.#frame
  }

  wire(): Buffer | undefined {
    if (this.#wire !== undefined) return this.#wire
    const frame = this.frame()
    return frame === undefined ? undefined : (this.#wire = frameMessage(frame))
  }

  deflated(): Buffer | undefined {
    if (this.#deflated !== undefined) return this.#deflated
    const frame = this.frame()
    if (frame === undefined) return undefined
    const [opcode, payload] = typeof frame === "string" ? [TEXT, Buffer.from(frame)] : [BINARY, frame]
    return (this.#deflated = frameBytes(opcode, deflate(payload), true))
  }
}

/** A message to everybody on a topic. It is encoded once for each serializer among them, not once for each socket. */
export class Broadcast {
  readonly topic: string
  readonly event: string
  readonly payload: unknown
  readonly #encoded: EncodedBroadcast[] = []

  constructor(topic: string, event: string, payload: unknown) {
    this.topic = topic
    this.event = event
    this.payload = payload
  }

  encoded(serializer: Serializer): EncodedBroadcast {
    // Two or three serializers at most: a scan is quicker than a Map.
    for (const known of this.#encoded) if (known.serializer === serializer) return known
    const { topic, event, payload } = this
    const made = new EncodedBroadcast(serializer, { join_ref: null, ref: null, topic, event, payload })
    this.#encoded.push(made)
    return made
  }

  /** Whether any serializer could carry it. */
  get reached(): boolean {
    return this.#encoded.some((encoded) => encoded.error === undefined)
  }

  /** What went wrong with the serializers that could not carry the payload. */
  failures(): EncodedBroadcast[] {
    return this.#encoded.filter((encoded) => encoded.error !== undefined)
  }
}
