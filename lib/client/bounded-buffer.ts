/** Whether a full buffer refuses the new entry, or drops the oldest. */
export type WhenFull = "refuse" | "drop_oldest"

/** The size of a buffer. */
export interface BufferOptions {
  readonly bufferSize: number
  readonly whenFull: WhenFull
}

/** Adds an entry to a buffer. Returns the entry that was refused or dropped, if the buffer was full. */
export function addToBuffer<Entry>(
  buffer: Set<Entry>,
  entry: Entry,
  { bufferSize, whenFull }: BufferOptions,
): Entry | undefined {
  buffer.add(entry)
  if (buffer.size <= bufferSize) return undefined
  const [oldest = entry] = buffer
  const lost = whenFull === "refuse" ? entry : oldest
  buffer.delete(lost)
  return lost
}
