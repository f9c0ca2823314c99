/**
 * The calls of a test in their order, one line of text each. Refs are numbered by their first appearance, because each
 * client counts its own way.
 */
export class CallLog {
  readonly lines: string[] = []
  readonly #refs = new Map<string, string>()

  /** Empties the log, so that it holds only what a test shows. */
  forget(): void {
    this.lines.length = 0
    this.#refs.clear()
  }

  note(words: string, ...values: unknown[]): void {
    this.lines.push([words, ...values.map((value) => this.show(value))].join(" "))
  }

  show(value: unknown): string {
    if (typeof value === "string") return /^\d+$/.test(value) ? this.#nameOf(value) : JSON.stringify(value)
    if (typeof value === "function") return "a function"
    if (typeof value !== "object" || value === null) return String(value)
    if (value instanceof Error) return "an Error"
    if (value instanceof ArrayBuffer) return `<${hex(new Uint8Array(value))}>`
    if (value instanceof Uint8Array) return `Uint8Array<${hex(value)}>`
    if (Array.isArray(value)) return `[${value.map((item) => this.show(item)).join()}]`
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
    return `{${entries.map(([key, item]) => `${key}:${this.show(item)}`).join()}}`
  }

  #nameOf(ref: string): string {
    const known = this.#refs.get(ref)
    if (known !== undefined) return known
    const name = `#${this.#refs.size + 1}`
    this.#refs.set(ref, name)
    return name
  }
}

const hex = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(" ")
