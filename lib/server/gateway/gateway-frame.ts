import { isBytes, toUint8Array } from "../../protocol/bytes.js"
import { SerializerError } from "../../protocol/errors.js"
import { stringifyJson } from "../../serializer/decode-text.js"
import type { Frame } from "../../serializer/serializer.js"
import { FrameForms } from "../pubsub/frame-forms.js"
import type { Encoding, SharedFrame } from "../api/shared-frame.js"

/** Makes a frame of plain data: strings and bytes as they are, any other value as JSON. */
export function frameOf(data: unknown): Frame {
  if (typeof data === "string") return data
  if (isBytes(data)) return toUint8Array(data)
  // Contrary to its type, JSON.stringify() returns `undefined` for `undefined` and for functions.
  const text = stringifyJson(data) as string | undefined
  if (text === undefined) throw new SerializerError("unencodable", "there is no JSON for this", "data")
  return text
}

/** Plain data for many clients. */
export class GatewayFrame implements SharedFrame {
  readonly #frame: Frame
  readonly #forms: FrameForms = new FrameForms()

  constructor(data: unknown) {
    this.#frame = frameOf(data)
  }

  frame(): Frame {
    return this.#frame
  }

  as<T>(encoding: Encoding<T>): T {
    return this.#forms.get(encoding) ?? this.#forms.add(encoding, this.#frame, typeof this.#frame === "string")
  }
}
