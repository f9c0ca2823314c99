// A prime, so that the ids are spread out and none is repeated.
const STEP = 7919

/** The topics for a number of rooms, as apps build them: a word, and an id of a large database. */
export function topics(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `conversation:${1_000_000 + ((i * STEP) % 9_000_000)}`)
}

/** The shortest topics for a number of rooms. A client that compares topics one by one is fastest with these. */
export function shortTopics(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `room:${i + 1}`)
}
