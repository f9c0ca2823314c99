import {
  json,
  webSocketClass,
  type ClientSerializer,
  type Codec,
  type Frame,
  type IncomingFrame,
  type Message,
  type Transport,
  type WebSocketClass,
} from "rookery"

/** The options to put into the official client. */
export interface PhoenixOptions {
  /** The serializer of messages on the wire. @default the official client's own */
  serializer?: ClientSerializer | undefined
  /** The transport to the server. @default the official client's own */
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
 * Puts a serializer or a transport of Rookery into the official `phoenix` client, for apps that stay with it: `new
 * Socket("/socket", { ...phoenixOptions({ serializer: msgpack() }), params })`. Each socket needs its own options.
 *
 * With a binary serializer, fall back with `transport: withFallback(webSocket(), longPoll())`, which uses JSON over
 * long-poll; `longPollFallbackMs` of the official client would keep using the binary serializer.
 */
export function phoenixOptions({ serializer, transport }: PhoenixOptions): PhoenixSocketOptions {
  let codec: Codec | undefined = serializer?.client
  return {
    ...(serializer && {
      encode: (message, callback) => callback((codec as Codec).encode(message as Message)),
      decode: (frame, callback) => callback((codec as Codec).decode(frame)),
      vsn: serializer.vsn,
      binaryType: "arraybuffer",
    }),
    ...(transport && {
      transport: webSocketClass(
        !serializer || serializer.longPoll ? transport : withText(transport, serializer, (spoken) => (codec = spoken)),
      ),
    }),
  }
}

/** Switches to JSON over a text-only connection. */
function withText(transport: Transport, serializer: ClientSerializer, speak: (codec: Codec) => void): Transport {
  const text = json()
  return {
    name: transport.name,
    open: (url, options, events) =>
      // The official client puts the vsn last.
      transport.open(
        url,
        { ...options, textUrl: url.replace(/vsn=[^&]*$/, `vsn=${text.vsn}`) },
        {
          open(traits) {
            speak((traits?.textOnly ? text : serializer).client)
            events.open(traits)
          },
          frame: (frame) => events.frame(frame),
          error: (error) => events.error(error),
          close: (info) => events.close(info),
        },
      ),
  }
}
