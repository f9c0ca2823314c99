import type { Frame } from "../../serializer/serializer.js"
import type { Encoding } from "../api/shared-frame.js"

/**
 * The forms of one frame. In a room of thousands the same form is read again and again, so the first one is kept in a
 * field; the others, for clients of another kind, are in a map.
 */
export class FrameForms {
  #encoding: Encoding<unknown> | undefined
  #form: unknown
  #others: Map<Encoding<unknown>, unknown> | undefined

  /** The form, if it was made before. */
  get<T>(encoding: Encoding<T>): T | undefined {
    const form = this.#encoding === encoding ? this.#form : this.#others?.get(encoding)
    // `add` stored the result of this same encoding, so it has its type.
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
