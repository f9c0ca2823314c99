export { msgpack, type MsgpackOptions } from "./serializer/msgpack.js"
export type { Codec, Frame, IncomingFrame, Serializer } from "./serializer/serializer.js"
export { gunzip, type GunzipOptions, type Inflate } from "./transport/gunzip.js"
export { textAsBytes, type EmittingWebSocketClass } from "./transport/text-as-bytes.js"
