export { msgpack, type MsgpackOptions } from "./serializer/msgpack.js"
export type { Codec, Frame, IncomingFrame, Serializer } from "./serializer/serializer.js"
