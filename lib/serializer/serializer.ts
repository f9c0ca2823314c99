import type { Frame, IncomingFrame } from "../protocol/frame.js"
import type { Message } from "../protocol/message.js"

export type { Frame, IncomingFrame } from "../protocol/frame.js"

/** Throws if a JSON text is nested too deep, or would take more than `maxWeight` bytes in memory. */
export type AssertLight = (text: string, maxWeight: number) => void

/** One end's half of a serializer. Both throw a `SerializerError` and nothing else. */
export interface Codec {
  encode(message: Message): Frame
  /**
   * Reads a frame. A codec that knows the weight before it decodes throws `too_heavy` if the message would take more than
   * `maxWeight` bytes in memory. A JSON codec calls `assertLight` with the text for that: the endpoint provides it, so that
   * a client does not carry it.
   */
  decode(frame: IncomingFrame, maxWeight?: number, assertLight?: AssertLight): Message
  /**
   * How many bytes of memory a message takes that this codec decoded; once it is more than `bound`, any number above. The
   * endpoint provides `weighAs`, which does it for two decoders, so that a client does not carry it.
   *
   * @default what it takes where `JSON.parse` made it
   */
  weigh?(
    message: Message,
    bound: number,
    weighAs: (value: unknown, bound: number, decodedBy: "json" | "msgpack") => number,
  ): number
}

/** The client's part of a serializer. */
export interface ClientSerializer {
  readonly name: string
  /** The protocol version by which the server picks this serializer. */
  readonly vsn: string
  /** Whether its frames survive long-poll: text, or bytes that the server takes as base64. */
  readonly longPoll: boolean
  readonly client: Codec
}

/**
 * Turns messages into frames and back. The meaning of some frames depends on their direction, hence a codec for each end.
 */
export interface Serializer extends ClientSerializer {
  readonly server: Codec
}
