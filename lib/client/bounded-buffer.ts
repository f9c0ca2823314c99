/** Whether a full buffer refuses the new entry, or drops the oldest. */
export type WhenFull = "refuse" | "drop_oldest"

/** The size of a buffer. */
export interface BufferOptions {
  readonly bufferSize: number
  readonly whenFull: WhenFull
}

/**
 * Adds an entry to a buffer. Returns the entry that was refused or dropped, if the buffer was full; it is never one that
 * `mustStay` picks.
 */
export function addToBuffer<Entry>(
  buffer: Set<Entry>,
  entry: Entry,
  { bufferSize, whenFull }: BufferOptions,
  mustStay?: (entry: Entry) => boolean,
): Entry | undefined {
  buffer.add(entry)
  if (buffer.size <= bufferSize) return undefined
  for (const lost of whenFull === "refuse" ? [entry] : buffer) {
    if (mustStay?.(lost)) continue
    buffer.delete(lost)
    return lost
  }
  return undefined
}
