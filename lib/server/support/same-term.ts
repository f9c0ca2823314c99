const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null

/** Whether two decoded values are the same term to Phoenix: maps compare by their keys, in any order. */
export function isSameTerm(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (!isObject(a) || !isObject(b)) return false
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false
  if (a instanceof Date && b instanceof Date) return a.getTime() === b.getTime()
  const keys = Object.keys(a)
  if (keys.length !== Object.keys(b).length) return false
  return keys.every((key) => Object.hasOwn(b, key) && isSameTerm(a[key], b[key]))
}
