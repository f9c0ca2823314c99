import type { Channel, PushError } from "rookery"

/** The same value, with the keys of every map sorted. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== "object" || value === null) return value
  const entries = Object.entries(value).map(([key, inner]) => [key, sorted(inner)] as const)
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
}

const shown = (value: unknown): string => {
  const text = JSON.stringify(sorted(value)) ?? "undefined"
  return text.length > 300 ? `${text.slice(0, 300)}... (${text.length} characters)` : text
}

/** Throws unless both are the same as JSON. */
export function equal(actual: unknown, expected: unknown, what: string): void {
  if (JSON.stringify(sorted(actual)) === JSON.stringify(sorted(expected))) return
  throw new Error(`${what}: ${shown(actual)} instead of ${shown(expected)}`)
}

/** The bytes of a payload, whatever type of bytes it has; throws for any other payload. */
export function bytesOf(payload: unknown): number[] {
  if (payload instanceof ArrayBuffer) return [...new Uint8Array(payload)]
  if (ArrayBuffer.isView(payload)) return [...new Uint8Array(payload.buffer, payload.byteOffset, payload.byteLength)]
  throw new Error(`${shown(payload)} instead of bytes`)
}

/** The next message of an event; call it before the step that causes the message. */
export const next = (room: Channel, event: string): Promise<unknown> =>
  new Promise((resolve) => {
    room.listen(event, resolve, { once: true })
  })

/** The error of a push; throws if the push succeeds. */
export const failure = (push: PromiseLike<unknown>): Promise<PushError> =>
  Promise.resolve(push).then(
    (response) => {
      throw new Error(`a push was answered with ${shown(response)} and should have failed`)
    },
    (error: PushError) => error,
  )

/** Waits for the promise; rejects if it takes too long. */
export async function soon(promise: Promise<void>, ms: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing came of it in ${ms} ms`)), ms)
  })
  try {
    await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
