import type { Frame, IncomingFrame, MessageSerializer, Transport } from "rookery"
import { base64Of, toJsonText } from "./json-text.js"
import { escapeControls } from "./terminal-text.js"

/** Which way a frame went: `in` is from the server. */
export type Direction = "in" | "out"

/** Told of every frame. */
export type FrameTap = (direction: Direction, frame: string | Uint8Array) => void

const plain = (frame: IncomingFrame): string | Uint8Array =>
  frame instanceof ArrayBuffer ? new Uint8Array(frame) : frame

/** Wraps a transport, and reports its frames. */
export function tapped(transport: Transport, tap: FrameTap): Transport {
  return {
    name: transport.name,
    open(url, options, events) {
      const link = transport.open(url, options, {
        open: (traits) => events.open(traits),
        frame(frame) {
          tap("in", plain(frame))
          events.frame(frame)
        },
        error: (error) => events.error(error),
        close: (info) => events.close(info),
      })
      return {
        send(frame: Frame) {
          tap("out", frame)
          link.send(frame)
        },
        close: (code, reason) => link.close(code, reason),
        get bufferedAmount() {
          return link.bufferedAmount
        },
      }
    },
  }
}

/** Decodes a frame, with the parts in the order of the wire; `undefined` if the serializer cannot read it. */
function decoded(frame: Uint8Array, direction: Direction, serializer: MessageSerializer): unknown {
  const codec = direction === "in" ? serializer.client : serializer.server
  try {
    const { join_ref, ref, topic, event, payload } = codec.decode(frame)
    return [join_ref, ref, topic, event, payload]
  } catch {
    return undefined
  }
}

/** More bytes of a binary frame would not help a person, who also sees the decoded message. */
const SHOWN_BYTES = 128

function hex(frame: Uint8Array): string {
  const shown = Buffer.from(frame.subarray(0, SHOWN_BYTES))
    .toString("hex")
    .replace(/..(?=.)/g, "$& ")
  return frame.length > SHOWN_BYTES ? `${shown} ...` : shown
}

/** A frame on one line: text unchanged, bytes as hex with the decoded message. */
export function frameText(frame: string | Uint8Array, direction: Direction, serializer: MessageSerializer): string {
  const arrow = direction === "in" ? "<-" : "->"
  if (typeof frame === "string") return `${arrow} ${escapeControls(frame)}`
  const meaning = decoded(frame, direction, serializer)
  const said = meaning === undefined ? "no frame of this serializer" : toJsonText(meaning)
  return `${arrow} ${frame.length} bytes: ${hex(frame)} = ${said}`
}

/** A frame as a JSON object: `text`, or `bytes` in base64 with the decoded `message`. */
export function frameJson(
  frame: string | Uint8Array,
  direction: Direction,
  serializer: MessageSerializer,
): Record<string, unknown> {
  if (typeof frame === "string") return { direction, text: frame }
  return { direction, bytes: base64Of(frame), message: decoded(frame, direction, serializer) ?? null }
}
