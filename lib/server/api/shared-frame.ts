import type { Frame } from "../../serializer/serializer.js"

/** A form in which some runtime sends frames, for example as the bytes of a websocket frame. */
export interface Encoding<T> {
  /**
   * Makes the form.
   *
   * @param data the frame: its text as a string or as UTF-8, or its bytes
   * @param text whether the frame is one of text
   */
  encode(data: Frame, text: boolean): T
}

/** A frame that goes to many clients. Each form of it is made when the first client needs the form, and then kept. */
export interface SharedFrame {
  /** The frame as its serializer made it; `undefined` if the serializer could not. */
  frame(): Frame | undefined
  /** The frame in a runtime's own form; `undefined` if the serializer could not make the frame. */
  as<T>(encoding: Encoding<T>): T | undefined
}
