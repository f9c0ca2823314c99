/** A matcher of vitest, jest or another library, such as `expect.any(String)`, recognized by its shape. */
export interface AsymmetricMatcher {
  asymmetricMatch(value: unknown): boolean
}

/** A class that stands for any value of its kind: `String`, `Number`, `Boolean`, `Array`, `Object`, `Uint8Array`, `Date`. */
// Only a constructor type: a callable type would prevent the inference of parameters for functions beside it.
export type Kind = abstract new (...args: never[]) => unknown

/**
 * The shape that a payload must have. An object lists the required keys and allows others, at any depth; a list must
 * match as a whole. In place of a value there may be a function that returns whether the value matches, a class such as
 * `String` or `Number` for any value of its kind, a regular expression for text, or a matcher such as
 * `expect.any(String)`.
 */
export type Pattern<T> =
  | (unknown extends T
      ? unknown
      : T extends readonly (infer Item)[]
        ? readonly Pattern<Item>[]
        : T extends ArrayBufferView | ArrayBuffer
          ? T
          : T extends object
            ? { readonly [K in keyof T]?: Pattern<T[K]> }
            : T extends string
              ? T | RegExp
              : T)
  | ((value: T) => boolean)
  | Kind
  | AsymmetricMatcher

const KINDS = new Map<unknown, [is: (value: unknown) => boolean, name: string]>([
  [String, [(value) => typeof value === "string", "any string"]],
  [Number, [(value) => typeof value === "number", "any number"]],
  [Boolean, [(value) => typeof value === "boolean", "any boolean"]],
  [Array, [(value) => Array.isArray(value), "any array"]],
  [Object, [(value) => isObject(value), "any object"]],
  [Date, [(value) => value instanceof Date, "any date"]],
  [Uint8Array, [(value) => bytesOf(value) !== undefined, "any bytes"]],
])

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null

const isMatcher = (pattern: object): pattern is AsymmetricMatcher =>
  typeof (pattern as Partial<AsymmetricMatcher>).asymmetricMatch === "function"

function bytesOf(value: unknown): Uint8Array | undefined {
  if (value instanceof ArrayBuffer) return new Uint8Array(value)
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  return undefined
}

const LONGEST = 300

/** A value as shown in an error. */
export function show(value: unknown): string {
  if (typeof value === "function") return KINDS.get(value)?.[1] ?? `a value that fits ${value.name || "the function"}`
  if (value instanceof RegExp) return String(value)
  const bytes = bytesOf(value)
  if (bytes !== undefined) return `<${bytes.length} bytes: ${Buffer.from(bytes).subarray(0, 32).toString("hex")}>`
  if (isObject(value) && isMatcher(value)) {
    const { toAsymmetricMatcher } = value as { toAsymmetricMatcher?: () => string }
    return toAsymmetricMatcher?.call(value) ?? String(value)
  }
  const shown = JSON.stringify(value, (_key, part: unknown) => {
    if (typeof part === "bigint") return `${part}n`
    const special = typeof part === "function" || part instanceof RegExp || bytesOf(part) !== undefined
    return special || (isObject(part) && isMatcher(part)) ? `<${show(part)}>` : part
  })
  if (shown === undefined) return String(value)
  return shown.length > LONGEST ? `${shown.slice(0, LONGEST)}… (${shown.length} characters)` : shown
}

/** Why a value does not match, with the place; `undefined` if it does. */
export function mismatch(pattern: unknown, value: unknown, at = ""): string | undefined {
  const differs = (): string => `${at === "" ? "" : `${at}: `}expected ${show(pattern)}, got ${show(value)}`
  if (typeof pattern === "function") {
    const is = KINDS.get(pattern)?.[0] ?? (pattern as (value: unknown) => unknown)
    try {
      return is(value) ? undefined : differs()
    } catch (error) {
      return `${differs()}, at which the function threw ${error instanceof Error ? error.message : String(error)}`
    }
  }
  if (!isObject(pattern)) return Object.is(pattern, value) || pattern === value ? undefined : differs()
  if (isMatcher(pattern)) return pattern.asymmetricMatch(value) ? undefined : differs()
  if (pattern instanceof RegExp)
    return typeof value === "string" && value.search(pattern) !== -1 ? undefined : differs()
  const bytes = bytesOf(pattern)
  if (bytes !== undefined) {
    const others = bytesOf(value)
    return others !== undefined && Buffer.compare(bytes, others) === 0 ? undefined : differs()
  }
  if (Array.isArray(pattern)) {
    if (!Array.isArray(value) || value.length !== pattern.length) return differs()
  } else if (!isObject(value) || Array.isArray(value)) {
    return differs()
  }
  for (const key of Object.keys(pattern)) {
    // Inherited properties do not count: a payload may have a key called `constructor`.
    const part = Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined
    const place = Array.isArray(pattern) ? `${at}[${key}]` : at === "" ? key : `${at}.${key}`
    const found = mismatch((pattern as Record<string, unknown>)[key], part, place)
    if (found !== undefined) return found
  }
  return undefined
}
