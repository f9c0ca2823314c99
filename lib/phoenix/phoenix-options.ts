import {
  webSocketClass,
  type ClientSerializer,
  type Frame,
  type IncomingFrame,
  type Message,
  type Transport,
  type WebSocketClass,
} from "rookery"

/** What to put into the official client. */
export interface PhoenixOptions {
  /** What messages look like on the wire. @default the official client's own */
  serializer?: ClientSerializer | undefined
  /** The way to the server. @default the official client's own */
  transport?: Transport | undefined
}

/** Options for the official client's `Socket`, to be spread among its others. */
export interface PhoenixSocketOptions {
  // The official client's types call a message an object.
  encode?: (message: object, callback: (frame: Frame) => void) => void
  decode?: (frame: IncomingFrame, callback: (message: Message) => void) => void
  vsn?: string
  binaryType?: "arraybuffer"
  transport?: WebSocketClass
}

/**
 * Puts a serializer or a transport of Rookery into the official `phoenix` client, for apps that stay with it:
 * `new Socket("/socket", { ...phoenixOptions({ serializer: msgpack() }), params })`.
 */
export function phoenixOptions({ serializer, transport }: PhoenixOptions): PhoenixSocketOptions {
  return {
    ...(serializer && {
      encode: (message, callback) => callback(serializer.client.encode(message as Message)),
      decode: (frame, callback) => callback(serializer.client.decode(frame)),
      vsn: serializer.vsn,
      binaryType: "arraybuffer",
    }),
    ...(transport && { transport: webSocketClass(transport) }),
  }
}
