// The platform's WebSocket does not send shared memory, and only new compilers know `ArrayBufferView<ArrayBuffer>`.
export type UnsharedView = ArrayBufferView & { readonly buffer: ArrayBuffer }

/** The part of a WebSocket that Rookery uses; the platform's, that of `ws`, and phoenix.js's `LongPoll` have it. */
export interface WebSocketLike {
  binaryType: string
  readonly readyState: number
  readonly bufferedAmount?: number
  onopen: ((event: never) => void) | null
  onmessage: ((event: never) => void) | null
  onerror: ((event: never) => void) | null
  onclose: ((event: never) => void) | null
  send(frame: string | ArrayBuffer | UnsharedView): void
  close(code?: number, reason?: string): void
}

/** A class in the shape of `WebSocket`. */
export type WebSocketClass = new (url: string, protocols?: string | string[], options?: object) => WebSocketLike
