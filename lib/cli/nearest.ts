/** How many letters must be added, removed, changed or swapped with the next one to turn one word into another. */
function distance(from: string, to: string): number {
  const rows = [Array.from({ length: to.length + 1 }, (_, i) => i)]
  const at = (i: number, j: number): number => rows[i]?.[j] ?? Infinity
  for (let i = 1; i <= from.length; i++) {
    const row = (rows[i] = [i])
    for (let j = 1; j <= to.length; j++) {
      const changed = at(i - 1, j - 1) + (from[i - 1] === to[j - 1] ? 0 : 1)
      const isSwap = from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]
      row.push(Math.min(changed, at(i - 1, j) + 1, at(i, j - 1) + 1, isSwap ? at(i - 2, j - 2) + 1 : Infinity))
    }
  }
  return at(from.length, to.length)
}

/** The word that was probably meant, if any is similar. */
export function nearest(word: string, words: readonly string[]): string | undefined {
  const begun = words.filter((known) => word.length > 1 && known.startsWith(word))
  if (begun.length === 1) return begun[0]
  const ranked = words.map((known) => ({ known, far: distance(word, known) })).sort((a, b) => a.far - b.far)
  const [best] = ranked
  return best !== undefined && best.far <= Math.max(1, Math.floor(best.known.length / 3)) ? best.known : undefined
}
