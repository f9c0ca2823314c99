import { SerializerError } from "../protocol/errors.js"

/** The error for a frame that would take more than this many bytes in memory. */
export const tooHeavy = (maxWeight: number): SerializerError =>
  new SerializerError("too_heavy", `decodes to more than ${maxWeight} bytes of memory; send less at once`)
