import { constants, deflateRawSync, inflateRawSync } from "node:zlib"
import { INVALID_TEXT, TOO_BIG } from "../protocol/close-codes.js"
import { ProtocolViolation } from "./websocket-receiver.js"

const WINDOW = 32_768
// A message ends on an empty block that is left out on the wire.
const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff])

/** What permessage-deflate is answered with; `undefined` where it was not offered, or with parameters that we do not take. */
export function acceptDeflate(offer: string | undefined): string | undefined {
  for (const extension of offer?.split(",") ?? []) {
    const [name, ...params] = extension.split(";").map((part) => part.trim().toLowerCase())
    if (name !== "permessage-deflate") continue
    const answer = ["permessage-deflate"]
    let ours = true
    for (const param of params) {
      if (param === "server_no_context_takeover" || param === "client_no_context_takeover") answer.push(param)
      else if (/^client_max_window_bits(=("?)(?:8|9|1[0-5])\2)?$/.test(param)) answer.push("client_max_window_bits=15")
      else if (!/^server_max_window_bits=("?)15\1$/.test(param)) ours = false
    }
    if (ours) return answer.join(";")
  }
  return undefined
}

/** Inflates the messages of one client, which may refer back to its earlier ones. */
export class Inflater {
  #window: Buffer = Buffer.alloc(0)

  inflate(payload: Buffer, limit: number): Buffer {
    let data: Buffer
    try {
      data = inflateRawSync(Buffer.concat([payload, TAIL]), {
        finishFlush: constants.Z_SYNC_FLUSH,
        maxOutputLength: Math.min(limit, 0x7fff_ffff),
        ...(this.#window.length > 0 && { dictionary: this.#window }),
      })
    } catch (cause) {
      const tooBig = (cause as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE"
      throw tooBig
        ? new ProtocolViolation(TOO_BIG, "a message over the limit once it is inflated", "messageBytes")
        : new ProtocolViolation(INVALID_TEXT, "a message that cannot be inflated")
    }
    this.#window = Buffer.from(
      data.length >= WINDOW ? data.subarray(-WINDOW) : Buffer.concat([this.#window, data]).subarray(-WINDOW),
    )
    return data
  }
}

/** Deflates one message by itself, so that the result serves every socket that gets the message. */
export function deflate(payload: Uint8Array): Buffer {
  const data = deflateRawSync(payload, { finishFlush: constants.Z_SYNC_FLUSH })
  return data.subarray(0, data.length - TAIL.length)
}
