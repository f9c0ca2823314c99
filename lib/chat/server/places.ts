/** A limited number of places, with a limit for each key, so that one key always leaves places for the others. */
export class Places {
  readonly #most: number
  readonly #mostPerKey: number
  readonly #taken = new Map<string, number>()
  #all = 0

  constructor(most: number, mostPerKey: number) {
    this.#most = most
    this.#mostPerKey = mostPerKey
  }

  /** Takes a place; `false` if none is free for this key. */
  take(key: string): boolean {
    const taken = this.#taken.get(key) ?? 0
    if (this.#all >= this.#most || taken >= this.#mostPerKey) return false
    this.#taken.set(key, taken + 1)
    this.#all++
    return true
  }

  /** Frees a place. */
  giveBack(key: string): void {
    const left = (this.#taken.get(key) ?? 0) - 1
    if (left > 0) this.#taken.set(key, left)
    else this.#taken.delete(key)
    this.#all--
  }
}
