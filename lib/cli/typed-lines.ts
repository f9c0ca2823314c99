/** Joins typed lines: one that ends with a backslash continues on the next one. */
export class TypedLines {
  #before = ""

  /** Whether the last typed line continues. */
  get isOpen(): boolean {
    return this.#before !== ""
  }

  /** Takes a line of input, and returns the whole text once it is complete. Two backslashes at the end are only text. */
  add(line: string): string | undefined {
    let text = line.length
    while (line[text - 1] === "\\") text--
    if ((line.length - text) % 2 === 1) {
      this.#before += `${line.slice(0, -1)}\n`
      return undefined
    }
    const whole = this.#before + line
    this.#before = ""
    return whole
  }
}
