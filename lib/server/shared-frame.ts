import type { Frame } from "../serializer/serializer.js"

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

/**
 * The forms of one frame. A room of thousands asks for the same form again and again, so that one is kept in a field;
 * the few others, of rooms where clients differ, are in a map.
 */
export class FrameForms {
  #encoding: Encoding<unknown> | undefined
  #form: unknown
  #others: Map<Encoding<unknown>, unknown> | undefined

  /** The form that was made before, or `undefined`. */
  get<T>(encoding: Encoding<T>): T | undefined {
    const form = this.#encoding === encoding ? this.#form : this.#others?.get(encoding)
    // An encoding gives the same type each time, and `add` stored what it gave.
    return form as T | undefined
  }

  /** Makes the form and keeps it. */
  add<T>(encoding: Encoding<T>, data: Frame, text: boolean): T {
    const form = encoding.encode(data, text)
    if (this.#encoding === undefined) {
      this.#encoding = encoding
      this.#form = form
    } else {
      this.#others ??= new Map()
      this.#others.set(encoding, form)
    }
    return form
  }
}
