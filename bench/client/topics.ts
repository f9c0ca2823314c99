// A prime, so that the ids lie apart and none comes twice.
const STEP = 7919

/** The topics of so many rooms, as apps build them: a word, and an id from a database of some size. */
export function topics(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `conversation:${1_000_000 + ((i * STEP) % 9_000_000)}`)
}

/** The shortest topics that so many rooms can have. Whoever compares them one by one is fastest with these. */
export function shortTopics(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `room:${i + 1}`)
}
