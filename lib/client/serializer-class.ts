import { toArrayBuffer } from "../protocol/bytes.js"
import type { Message } from "../protocol/message.js"
import { jsonForClient } from "../serializer/json.js"
import type { IncomingFrame } from "../serializer/serializer.js"

/** The V2 serializer as phoenix.js exports it, with callbacks. {@link json} is the same without callbacks. */
export const Serializer: {
  encode<T>(message: Message, callback: (frame: string | ArrayBuffer) => T): T
  decode<T>(frame: IncomingFrame, callback: (message: Message) => T): T
} = {
  encode<T>(message: Message, callback: (frame: string | ArrayBuffer) => T): T {
    const frame = jsonForClient.client.encode(message)
    return callback(typeof frame === "string" ? frame : toArrayBuffer(frame))
  },
  decode<T>(frame: IncomingFrame, callback: (message: Message) => T): T {
    return callback(jsonForClient.client.decode(frame))
  },
}
