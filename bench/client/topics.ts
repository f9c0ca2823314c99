/** The topics of so many rooms. */
export function topics(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `room:${i + 1}`)
}
