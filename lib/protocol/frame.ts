/** A frame as a transport carries it: text or bytes. */
export type Frame = string | Uint8Array

/** An incoming frame, as the platform's websocket delivers it. */
export type IncomingFrame = string | ArrayBuffer | Uint8Array

/**
 * The type in which a websocket delivers bytes. The DOM has the same type, but not every program includes the DOM's
 * types.
 */
export type BinaryType = "arraybuffer" | "blob"
