import type { Frame } from "../../serializer/serializer.js"
import type { Encoding } from "../../server/api/shared-frame.js"

/**
 * A websocket of a platform that does the handshake and the frames itself, and passes whole messages to Rookery.
 *
 * `Form` is the encoded form of a broadcast, which is made once for all sockets.
 */
export interface PlatformSocket<Form = unknown> {
  readonly encoding: Encoding<Form>
  /** Bytes that wait to be sent; 0 where the platform does not report them. */
  readonly bufferedAmount: number
  send(frame: Frame): void
  sendForm(form: Form): void
  close(code: number, reason: string): void
  /** Ends the connection without the client's close frame, where the platform can. */
  terminate(): void
  /** Stops reading until `resume`, where the platform can. Messages that were read before may still come. */
  pause?(): void
  resume?(): void
}

/** Frames as they are, for platforms that send a string as text; another node shares text as UTF-8. */
export const TEXT_OR_BYTES: Encoding<Frame> = {
  encode: (data, text) => (text && typeof data !== "string" ? new TextDecoder().decode(data) : data),
}
