const DEEPEST = 7
const MOST = 50
const LONGEST = 4000

/** A value as text, as a console shows it. */
export function show(value: unknown): string {
  const text = typeof value === "string" ? value : shown(value, 0)
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text
}

function shown(value: unknown, depth: number): string {
  if (typeof value === "string") return JSON.stringify(value)
  if (typeof value === "function") return "function"
  if (typeof value !== "object" || value === null) return String(value)
  if (value instanceof Error) return `${value.name}: ${value.message}`
  if (value instanceof Date) return value.toISOString()
  if (value instanceof ArrayBuffer) return bytesShown(new Uint8Array(value))
  if (ArrayBuffer.isView(value)) return bytesShown(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))
  if (depth === DEEPEST) return "…"
  if (value instanceof Map) return `Map ${listed([...value], depth)}`
  if (value instanceof Set) return `Set ${listed([...value], depth)}`
  if (Array.isArray(value)) return listed(value, depth)
  const entries = Object.entries(value)
  if (entries.length === 0) return "{}"
  const members = entries.slice(0, MOST).map(([name, member]) => `${nameShown(name)}: ${shown(member, depth + 1)}`)
  return `{ ${withRest(members, entries.length).join(", ")} }`
}

const nameShown = (name: string): string =>
  /^[\p{ID_Start}_$][\p{ID_Continue}$]*$/u.test(name) ? name : JSON.stringify(name)

const withRest = (texts: readonly string[], count: number): readonly string[] =>
  count > MOST ? [...texts, `and ${count - MOST} more`] : texts

function listed(values: readonly unknown[], depth: number): string {
  const texts = values.slice(0, MOST).map((value) => shown(value, depth + 1))
  return `[${withRest(texts, values.length).join(", ")}]`
}

const bytesShown = (bytes: Uint8Array): string =>
  `bytes [${withRest(Array.from(bytes.subarray(0, MOST), String), bytes.length).join(", ")}]`
