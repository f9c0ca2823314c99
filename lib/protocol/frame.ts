/** What a transport carries: text or bytes. */
export type Frame = string | Uint8Array

/** A frame as it comes in: what the platform's websocket hands over. */
export type IncomingFrame = string | ArrayBuffer | Uint8Array
