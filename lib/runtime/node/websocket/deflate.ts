import { constants, deflateRawSync, inflateRawSync } from "node:zlib"
import { INVALID_TEXT, TOO_BIG } from "../../../protocol/close-codes.js"
import type { Encoding } from "./surroundings.js"
import { BINARY, frameBytes, TEXT } from "./frames.js"
import { ProtocolViolation } from "./receiver.js"

const WINDOW = 32_768
/**
 * Clients with any smaller window get frames for the smallest one, so that a broadcast is deflated at most twice, and
 * not once for each of seven sizes. With 9 bits zlib refers back at most 250 bytes, which fit into a window of 8 bits,
 * too.
 */
const NARROW_BITS = 9
/**
 * Larger messages are not deflated, which RFC 7692 (section 6) allows: deflating blocks the event loop, and a megabyte
 * that does not compress takes a tenth of a second.
 */
const MAX_DEFLATED_BYTES = 131_072
// A deflated message ends with an empty block, which is left out on the wire.
const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff])

/** The negotiated parameters of permessage-deflate. */
export interface AgreedDeflate {
  /** The value of `Sec-WebSocket-Extensions` in the response. */
  readonly answer: string
  /** Whether the client inflates with a window of less than 32 KiB. */
  readonly narrow: boolean
}

// Quotes around a value are allowed (RFC 7692 5), leading zeros are not.
const PARAMETER = /^(server|client)_(no_context_takeover|max_window_bits)(?:=("?)(8|9|1[0-5])\3)?$/

/** Reads one offer of permessage-deflate; `undefined` for an offer that a server must decline (RFC 7692, 7.1). */
function acceptOffer(params: readonly string[]): AgreedDeflate | undefined {
  const answer = ["permessage-deflate"]
  const names = new Set<string>()
  let narrow = false
  for (const param of params) {
    const [, end, kind, , bits] = PARAMETER.exec(param) ?? []
    const name = `${end}_${kind}`
    const isFlag = kind === "no_context_takeover"
    // Only the client's window may be named without a size, which the server then chooses.
    if (end === undefined || names.has(name) || isFlag !== (bits === undefined && name !== "client_max_window_bits")) {
      return undefined
    }
    names.add(name)
    answer.push(isFlag ? name : `${name}=${bits ?? 15}`)
    if (name === "server_max_window_bits" && bits !== "15") narrow = true
  }
  return { answer: answer.join(";"), narrow }
}

/** Accepts the first acceptable offer of permessage-deflate; `undefined` if there is none. */
export function acceptDeflate(offer: string | undefined): AgreedDeflate | undefined {
  for (const extension of offer?.split(",") ?? []) {
    const [name, ...params] = extension.split(";").map((part) => part.trim().toLowerCase())
    const agreed = name === "permessage-deflate" ? acceptOffer(params) : undefined
    if (agreed !== undefined) return agreed
  }
  return undefined
}

/** Inflates the messages of one client. A message may refer back to earlier ones. */
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

/** Deflates one message without reference to earlier ones, so that all sockets can share the result. */
function deflate(payload: Uint8Array, narrow: boolean): Buffer {
  const data = deflateRawSync(payload, { finishFlush: constants.Z_SYNC_FLUSH, windowBits: narrow ? NARROW_BITS : 15 })
  return data.subarray(0, data.length - TAIL.length)
}

/** Makes a deflated frame of a message, or a plain one if the message is too large to deflate. */
function frameDeflated(data: string | Uint8Array, text: boolean, narrow: boolean): Buffer {
  const payload = typeof data === "string" ? Buffer.from(data) : data
  const opcode = text ? TEXT : BINARY
  if (payload.length > MAX_DEFLATED_BYTES) return frameBytes(opcode, payload)
  return frameBytes(opcode, deflate(payload, narrow), true)
}

/** A message as one deflated frame, for clients with a window of 32 KiB. */
export const DEFLATED: Encoding<Buffer> = { encode: (data, text) => frameDeflated(data, text, false) }

/** A message as one deflated frame, for clients with a smaller window. */
const DEFLATED_NARROW: Encoding<Buffer> = { encode: (data, text) => frameDeflated(data, text, true) }

/** The form of messages for a client with permessage-deflate. */
export const encodingOf = ({ narrow }: AgreedDeflate): Encoding<Buffer> => (narrow ? DEFLATED_NARROW : DEFLATED)
