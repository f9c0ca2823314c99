/** A frame as a transport carries it: text or bytes. */
export type Frame = string | Uint8Array

/** A frame as it comes in: what the platform's websocket hands over. */
export type IncomingFrame = string | ArrayBuffer | Uint8Array

/** How a websocket hands over bytes. The DOM has the same type by this name, but not everybody has the DOM. */
export type BinaryType = "arraybuffer" | "blob"
