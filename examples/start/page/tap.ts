import { json, type Message, type MessageSerializer } from "rookery"
import { msgpack } from "rookery/msgpack"

/** A message that a client sent or received. */
export interface Tapped {
  readonly direction: "sent" | "received"
  readonly message: Message
  /** Bytes of its frame in each serializer; one of them is the one that was used. */
  readonly json: number
  readonly msgpack: number
}

const FORMS = { json: json(), msgpack: msgpack() }
const utf8 = new TextEncoder()

function bytesOf(name: keyof typeof FORMS, direction: Tapped["direction"], message: Message): number {
  // A received message is measured as the server writes it, with its offset.
  const frame = FORMS[name][direction === "sent" ? "client" : "server"].encode(message)
  return typeof frame === "string" ? utf8.encode(frame).length : frame.byteLength
}

/** A serializer that tells of each message that a client encodes or decodes with it. */
export function tapped(serializer: MessageSerializer, tell: (tapped: Tapped) => void): MessageSerializer {
  const seen = (direction: Tapped["direction"], message: Message): void =>
    tell({
      direction,
      message,
      json: bytesOf("json", direction, message),
      msgpack: bytesOf("msgpack", direction, message),
    })
  const { client } = serializer
  return {
    ...serializer,
    client: {
      ...client,
      encode(message) {
        const frame = client.encode(message)
        seen("sent", message)
        return frame
      },
      decode(frame, ...bounds) {
        const message = client.decode(frame, ...bounds)
        seen("received", message)
        return message
      },
    },
  }
}
