/** A pause of the process that is longer than this spoils a measured time. */
const PAUSE_MS = 500
const LOOK_MS = 20

/**
 * Calls a function, and again for as long as the process stood still while it ran, whatever the outcome was. Timers of
 * both ends run out while a machine gives the process no core, though nothing is wrong with either.
 */
export async function inOneGo<T>(act: () => Promise<T>): Promise<T> {
  for (;;) {
    let longest = 0
    let last = performance.now()
    const look = (): void => {
      const now = performance.now()
      longest = Math.max(longest, now - last)
      last = now
    }
    const watch = setInterval(look, LOOK_MS)
    const outcome = await act().then(
      (value) => () => value,
      (error: unknown) => () => {
        throw error
      },
    )
    clearInterval(watch)
    look()
    if (longest < PAUSE_MS) return outcome()
  }
}
