import { isBytes, toUint8Array } from "../../protocol/bytes.js"
import { SerializerError } from "../../protocol/errors.js"
import { stringifyJson } from "../../serializer/decode-text.js"
import type { Frame } from "../../serializer/serializer.js"
import { FrameForms } from "../pubsub/frame-forms.js"
import type { Encoding, SharedFrame } from "../api/shared-frame.js"

/** A frame of plain data: strings and bytes as they are, anything else as JSON. */
export function frameOf(data: unknown): Frame {
  if (typeof data === "string") return data
  if (isBytes(data)) return toUint8Array(data)
  // Of `undefined` and of functions there is none, whatever the types say.
  const text = stringifyJson(data) as string | undefined
  if (text === undefined) throw new SerializerError("unencodable", "there is no JSON for this", "data")
  return text
}

/** Plain data that goes to many clients. */
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
