import type { Frame } from "../../serializer/serializer.js"

/** A form in which a runtime sends frames, for example the bytes of a websocket frame. */
export interface Encoding<T> {
  /**
   * Makes the form.
   *
   * @param data the frame: text as a string or as UTF-8, or bytes
   * @param text whether the frame is text
   */
  encode(data: Frame, text: boolean): T
}

/** A frame for many clients. Each form of it is made when the first client needs that form, and then reused. */
export interface SharedFrame {
  /** The frame as its serializer made it; `undefined` if the serializer could not. */
  frame(): Frame | undefined
  /** The frame in a runtime's own form; `undefined` if the serializer could not make the frame. */
  as<T>(encoding: Encoding<T>): T | undefined
}
