/** Runs `work` for each item, with at most `count` calls in flight. */
export async function atOnce<T>(items: Iterable<T>, work: (item: T) => Promise<void>, count = 64): Promise<void> {
  const rest = items[Symbol.iterator]()
  const one = async (): Promise<void> => {
    for (let next = rest.next(); next.done !== true; next = rest.next()) await work(next.value)
  }
  await Promise.all(Array.from({ length: count }, one))
}
