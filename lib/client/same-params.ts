/** Whether two params say the same, whatever the order of their keys. Functions are the same only if they are one. */
export function sameParams(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const keys = Object.keys(a)
  return (
    keys.length === Object.keys(b).length &&
    keys.every(
      (key) =>
        Object.hasOwn(b, key) && sameParams((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]),
    )
  )
}
