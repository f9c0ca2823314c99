import type { Frame } from "../../serializer/serializer.js"
import type { Encoding } from "../api/shared-frame.js"

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
