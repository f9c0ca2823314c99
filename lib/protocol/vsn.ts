/** V1: a JSON object a frame. What a server takes when a client names no version. */
export const VSN_V1 = "1.0.0"
/** V2: a JSON array of five a frame, and binary frames. What phoenix.js and Rookery speak by default. */
export const VSN_V2 = "2.0.0"
/** MessagePack, by the version that Phoenix projects give it beside the two JSON ones. */
export const VSN_MSGPACK = "3.0.0"
