/** The longest text that is shown whole. */
const LONGEST_TEXT = 500
/** The most characters of one preview. */
const MOST_CHARACTERS = 4000
/** The deepest nesting that is shown. */
const DEEPEST = 8
/** The longest JSON in a frame that is parsed. */
const LONGEST_JSON = 16_384
/** The bytes of a binary value that are shown. */
const BYTES_SHOWN = 32

/** Names whose values are hidden. */
const SECRET_NAME =
  /token|secret|passw|passphrase|authorization|cookie|credential|session|api.?key|private.?key|jwt|signature/i
/** A parameter in the query or the fragment of a URL. */
const PARAMETER = /([?&#][^\s=&?#]+=)([^\s&#]+)/g
const PASSWORD_IN_URL = /(\/\/[^\s/?#@:]*:)[^\s/?#@]+@/g
const CREDENTIALS = /\b(bearer|basic) \S{8,}/gi
const WORD = /[\w.-]+/g

/** Stands for a secret. */
const HIDDEN = "(hidden)"

/** Whether a word is a JSON web token, whose first part is an object of JSON in base64, or a token that Phoenix signed. */
const isSignedToken = (word: string): boolean => /^(?:eyJ|SFMyNTY\.)/.test(word) && word.split(".").length >= 3

// Each pattern is read in linear time, because clients choose the text.
const withoutSecrets = (text: string): string =>
  text
    .replace(WORD, (word) => (isSignedToken(word) ? HIDDEN : word))
    .replace(CREDENTIALS, `$1 ${HIDDEN}`)
    .replace(PASSWORD_IN_URL, `$1${HIDDEN}@`)
    .replace(PARAMETER, (all, name: string) => (SECRET_NAME.test(name) ? `${name}${HIDDEN}` : all))

/** Text of a client, cut, without the secrets that can be told by their form. */
export function shownText(text: unknown, longest = 200): string {
  if (typeof text !== "string") return `(${text === null ? "null" : typeof text})`
  // A bit more is searched than is shown: a secret that is cut would not be known by its form.
  const shown = withoutSecrets(text.slice(0, 4 * longest))
  const more = text.length - longest
  return more > 0 && shown.length > longest ? `${shown.slice(0, longest)}… (${more} more)` : shown
}

/** An id that the server gave a client, cut. */
export const shownId = (id: string | null): string | null => (id === null ? null : shownText(id))

function bytesText(bytes: Uint8Array): string {
  const shown = Array.from(bytes.subarray(0, BYTES_SHOWN), (byte) => byte.toString(16).padStart(2, "0")).join(" ")
  return `(${bytes.byteLength} bytes: ${shown}${bytes.byteLength > BYTES_SHOWN ? " …" : ""})`
}

/** Makes a copy of a value that is small, safe to show, and that JSON can express. */
class Preview {
  readonly #isSecret: (name: string) => boolean
  #left = MOST_CHARACTERS

  constructor(isSecret: (name: string) => boolean) {
    this.#isSecret = isSecret
  }

  of(value: unknown, depth = 0): unknown {
    if (typeof value === "string") return this.#spent(shownText(value, LONGEST_TEXT))
    if (typeof value === "bigint") return this.#spent(`${value}`.slice(0, LONGEST_TEXT))
    if (typeof value === "number") return this.#spent(Number.isFinite(value) ? value : String(value))
    if (typeof value === "boolean" || value === null) return this.#spent(value)
    if (typeof value !== "object") return this.#spent(`(${typeof value})`)
    if (ArrayBuffer.isView(value)) {
      return this.#spent(bytesText(new Uint8Array(value.buffer, value.byteOffset, value.byteLength)))
    }
    if (value instanceof ArrayBuffer) return this.#spent(bytesText(new Uint8Array(value)))
    if (value instanceof Date) return this.#spent(String(value))
    if (depth >= DEEPEST) return this.#spent("(nested deeper)")
    if (Array.isArray(value) || value instanceof Set) return this.#list([...this.#first(value)], sizeOf(value), depth)
    return this.#record(value, depth)
  }

  /** The elements that there may be room for. */
  *#first(values: Iterable<unknown>): Iterable<unknown> {
    let room = this.#left
    for (const value of values) {
      if (room-- <= 0) return
      yield value
    }
  }

  #list(values: readonly unknown[], size: number, depth: number): unknown[] {
    const list: unknown[] = []
    // An empty list costs something too: a payload may be nothing but lists of lists.
    this.#left -= 2
    for (const value of values) {
      if (this.#left <= 0) break
      list.push(this.of(value, depth + 1))
    }
    if (list.length < size) list.push(`(${size - list.length} more)`)
    return list
  }

  #record(value: object, depth: number): unknown {
    // An object with a prototype would take the key `__proto__` for its own.
    const record = Object.create(null) as Record<string, unknown>
    let more = 0
    this.#left -= 2
    const entries = value instanceof Map ? value.entries() : ownEntries(value)
    for (const [name, member] of entries) {
      const key = shownText(typeof name === "string" ? name : String(name))
      this.#left -= key.length
      if (this.#left <= 0) {
        more++
        break
      }
      record[key] = this.#isSecret(key) && member !== null ? HIDDEN : this.of(member, depth + 1)
    }
    if (more > 0) record["…"] = "(more)"
    return record
  }

  #spent<T>(value: T): T {
    this.#left -= String(value).length + 1
    return value
  }
}

const sizeOf = (values: readonly unknown[] | Set<unknown>): number =>
  Array.isArray(values) ? values.length : (values as Set<unknown>).size

function* ownEntries(value: object): Iterable<[string, unknown]> {
  for (const name in value) {
    if (Object.hasOwn(value, name)) yield [name, (value as Record<string, unknown>)[name]]
  }
}

/**
 * A copy of a payload to look at: small however large the payload is, without values whose names say that they are
 * secret, and without tokens that can be told by their form.
 *
 * @param secrets further names whose values are hidden
 */
export function previewOf(payload: unknown, secrets?: RegExp): unknown {
  // A pattern with the flag `g` would remember where it found the last one.
  const isSecret = (name: string): boolean =>
    SECRET_NAME.test(name) || (secrets !== undefined && name.search(secrets) !== -1)
  try {
    return new Preview(isSecret).of(payload)
  } catch {
    // A payload of the server may have getters that throw.
    return "(cannot be shown)"
  }
}

/**
 * A frame of a gateway's client to look at. Text that is JSON is shown as its value, so that what its names say is
 * secret is hidden; one that is too long to be parsed for each look is not shown, because a part of it is no JSON.
 */
export function previewOfFrame(frame: string | Uint8Array, secrets?: RegExp): unknown {
  if (typeof frame !== "string" || !/^\s*[[{]/.test(frame)) return previewOf(frame, secrets)
  if (frame.length > LONGEST_JSON) return `(${frame.length} characters)`
  try {
    return previewOf(JSON.parse(frame), secrets)
  } catch {
    return previewOf(frame, secrets)
  }
}
