/** A frame of more bytes counts for several towards `framesPerSecond`. */
export const LARGE_FRAME = 16_384

/** The number of frames that a frame of so many bytes counts for towards `framesPerSecond`. */
export const countOf = (bytes: number): number => Math.max(1, Math.ceil(bytes / LARGE_FRAME))
