/** Clients by the id that `connect` returned. Several clients may have the same id. */
export class ById<T extends { readonly id: string | null }> {
  readonly #known = new Map<string, Set<T>>()

  add(item: T): void {
    if (item.id === null) return
    const same = this.#known.get(item.id)
    if (same === undefined) this.#known.set(item.id, new Set([item]))
    else same.add(item)
  }

  delete(item: T): void {
    if (item.id === null) return
    const same = this.#known.get(item.id)
    same?.delete(item)
    if (same?.size === 0) this.#known.delete(item.id)
  }

  /** A copy of the list of all clients with an id. */
  of(id: string): readonly T[] {
    return [...(this.#known.get(id) ?? [])]
  }
}
