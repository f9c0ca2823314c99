import { longPoll } from "./longpoll.js"
import { webSocketClass, type TransportClass } from "./websocket-class.js"

/** Long-poll as a class in the shape of `WebSocket`, as phoenix.js exports it. */
export const LongPoll: TransportClass = /* @__PURE__ */ webSocketClass(/* @__PURE__ */ longPoll())
