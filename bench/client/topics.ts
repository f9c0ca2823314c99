// A prime, so that the ids lie apart and none comes twice.
const STEP = 7919

/** The topics of so many rooms, named by ids as a database of some size hands them out. */
export function topics(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `room:${1_000_000 + ((i * STEP) % 9_000_000)}`)
}
